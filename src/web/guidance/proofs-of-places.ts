import { html } from "../../kernel/html/index.ts";
import type { Topic } from "./topics.ts";

const WHICH_COUNT = html`<p>Only what was there before anything went wrong counts. A repository or site must have been named in the metadata of one of your projects at least seven days before the first sign of trouble, such as the opening of your case, a reset of the password or a token found in public. That is why a release uploaded yesterday cannot bring a new one with it, and why a thief’s release does not take yours away.</p>`;

const PROVE_REPOSITORY: Topic = {
  slug: "prove-repository",
  title: "Prove with your repository",
  lead: "You push a branch with a name that we give you, and we look whether it is there. Nothing in your code changes.",
  parts: [
    {
      title: "What to do",
      body: html`<ol><li>On the case page, ask for the command.</li><li>Run it where the repository is checked out. If your remote is not called <code>origin</code>, put its name there.</li><li>Enter the address of the repository on the case page, and let us look.</li></ol>`,
    },
    { title: "Which repositories count", body: WHICH_COUNT },
    {
      title: "Which servers work",
      body: html`<p>GitHub, GitLab, Bitbucket, Codeberg, SourceHut, Gitea, Forgejo and every plain git server, as long as the repository is public and reached over https. A renamed repository is found when its server still leads on from the old name. With Mercurial or Subversion you commit a file in place of the branch.</p>`,
    },
    {
      title: "Afterwards",
      body: html`<p>Leave the branch until your case is over: whoever decides may look again. Then delete it; the case page shows the command. Anybody may see the branch: its name opens nothing.</p>`,
    },
  ],
  next: { href: "/recovery", label: "Get back into my account" },
};

const PROVE_DOMAIN: Topic = {
  slug: "prove-domain",
  title: "Prove with your domain",
  lead: "You publish a TXT record that we give you, and we ask the name servers for it.",
  parts: [
    {
      title: "What to do",
      body: html`<ol><li>On the case page, ask for the record.</li><li>Add it where your domain is administered: type TXT, name <code>_locksmith-challenge</code>, and the value as shown.</li><li>Wait some minutes, then enter the domain on the case page and let us look.</li></ol>`,
    },
    {
      title: "Which domains count",
      body: html`<p>The domain of a mail address that you had confirmed, and the domain of a site in the metadata of your projects.</p>${WHICH_COUNT}`,
    },
    {
      title: "When it is not found",
      body: html`<p>Many providers add the domain to the name by themselves: enter <code>_locksmith-challenge</code> alone. New records can take an hour to be seen. Other records at the same name do no harm, and one that leads on to another name (CNAME) is followed.</p>`,
    },
    { title: "Afterwards", body: html`<p>Leave the record until your case is over, then delete it.</p>` },
  ],
  next: { href: "/recovery", label: "Get back into my account" },
};

const PROVE_SITE: Topic = {
  slug: "prove-site",
  title: "Prove with your website",
  lead: "You put a small file on your site, and we fetch it over https.",
  parts: [
    {
      title: "What to do",
      body: html`<ol><li>On the case page, ask for the command. It makes the file.</li><li>Publish it with your site.</li><li>Open its address in a browser: one line, nothing else. Then enter the name of the site on the case page and let us look.</li></ol>`,
    },
    { title: "Which sites count", body: WHICH_COUNT },
    {
      title: "When it is not found",
      body: html`<p>The site must answer at its own name over https with a valid certificate. If it leads on to another name, with or without <code>www</code>, enter the name it leads to. Some site builders leave out folders that begin with a dot; they have a setting for <code>.well-known</code>.</p>`,
    },
    {
      title: "Sites that a forge serves",
      body: html`<p>GitHub Pages and the like are written by whoever can push to the repository, so such a site and its repository count as one proof.</p>`,
    },
  ],
  next: { href: "/recovery", label: "Get back into my account" },
};

export const PLACE_TOPICS: readonly Topic[] = [PROVE_REPOSITORY, PROVE_DOMAIN, PROVE_SITE];
