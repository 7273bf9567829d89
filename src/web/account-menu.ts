import { html, type Html } from "../kernel/html/index.ts";

interface Group {
  readonly title: string;
  readonly links: readonly (readonly [href: string, label: string, about: string])[];
}

/** Everything else of an account, by what somebody comes for. */
const GROUPS: readonly Group[] = [
  {
    title: "Getting back in",
    links: [
      ["/account/check-up", "Check-up", "What would lock you out, and the next step"],
      ["/account/drill", "Could you get back in today?", "Try each way without using it up"],
      ["/account/contacts", "Recovery contacts", "People who may speak for you"],
      ["/account/keys", "SSH keys", "To sign with, should you be locked out"],
      ["/account/openpgp", "OpenPGP keys", "The same, with gpg"],
      ["/account/forges", "Forge accounts", "The SSH keys that your forge lists"],
      ["/account/kit", "Recovery kit", "One sheet to print"],
      ["/account/strict", "Strict mode", "No person may let anybody in"],
    ],
  },
  {
    title: "Publishing",
    links: [
      ["/account/tokens", "API tokens", "For twine and other programs"],
      ["/account/organisations", "Organisations", "Projects that several people share"],
      ["/account/invitations", "Invitations", "What others ask you to join"],
      ["/account/vouches", "Vouching", "Who asks you to speak for them"],
    ],
  },
  {
    title: "Your records",
    links: [
      ["/account/history", "Account history", "Everything that happened here"],
      ["/account/undo", "After somebody else was in", "Go through it, and undo it"],
      ["/account/data", "Your data", "Download it, or delete the account"],
    ],
  },
];

/** The pages of an account in groups, each with a line that says what it is for. */
export const accountMenu = (): Html => html`
  <h2 id="more-of-it">Everything else</h2>
  <div class="menu">${GROUPS.map(
    ({ title, links }) =>
      html`<section><h3>${title}</h3><ul>${links.map(
        ([href, label, about]) => html`<li><a href="${href}">${label}</a><span class="muted">${about}</span></li>`,
      )}</ul></section>`,
  )}</div>`;
