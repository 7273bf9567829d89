import { defineRefusals } from "../kernel/refusal.ts";

/** twine prints the title and detail of these behind the status, so they are written to be read there. */
export const registryRefusals = defineRefusals("registry", {
  // Who asks.
  "no-credentials": { status: 401, title: "An API token is needed: username __token__, and the token as password." },
  "not-a-token": {
    status: 403,
    title:
      "That is not an API token of this index: one starts with lks_. The username is __token__; passwords are not taken here.",
  },
  "token-mistyped": {
    status: 403,
    title: "That API token is incomplete or mistyped: its checksum does not fit. Copy it again.",
  },
  "bad-token": {
    status: 403,
    title: "Invalid or non-existent authentication information: no such API token.",
    tell: "generic",
  },
  "token-expired": { status: 403, title: "That API token has expired. Make a new one." },
  "token-revoked": { status: 403, title: "That API token has been revoked. Make a new one." },
  "token-held": { status: 403, title: "That API token is on hold and cannot be used. Sign in to see why." },
  "token-stays-held": {
    status: 409,
    title: "This token is not held because of the lock, so it stays held. Please end it and make a new one.",
  },
  "token-scope": { status: 403, title: "That API token is for other projects." },
  "token-name": { status: 422, title: "Please give the token a name of 1 to 100 characters." },
  "token-projects": { status: 422, title: "A token can only be limited to projects the account has a role on." },
  "no-such-token": { status: 404, title: "There is no such API token on this account." },
  held: { status: 403, title: "That is on hold for now." },
  "no-role": { status: 403, title: "This account may not publish to that project." },
  "not-owner": { status: 403, title: "Only an owner of the project can do that." },
  // What is sent.
  "bad-form": { status: 400, title: "The upload form is not as it should be." },
  "bad-name": {
    status: 400,
    title:
      "That is not a project name: letters, digits, dots, dashes and underscores, starting and ending with a letter or digit.",
  },
  "name-too-similar": { status: 400, title: "That name is too similar to an existing project's." },
  "bad-version": { status: 400, title: "That is not a version that can be published." },
  "bad-filetype": { status: 400, title: "Only wheels (bdist_wheel) and source distributions (sdist) are taken." },
  "bad-filename": { status: 400, title: "That is not the file name of a distribution." },
  "filename-differs": { status: 400, title: "The file's name does not match the upload." },
  "empty-file": { status: 400, title: "The file is empty." },
  "hash-differs": {
    status: 400,
    title: "The file does not match its digest: it was changed on the way. Upload it again.",
  },
  "too-large": { status: 413, title: "The file is larger than this index takes." },
  "cut-off": { status: 400, title: "The upload ended before the file did." },
  "bad-wheel": { status: 400, title: "The file is not a valid wheel." },
  "bad-sdist": { status: 400, title: "The file is not a valid source distribution." },
  "bad-metadata": { status: 400, title: "The metadata in the file cannot be published." },
  // twine's --skip-existing looks for a 400 with "already exist" in it.
  "file-exists": {
    status: 400,
    title: "File already exists, with other content. A published file cannot be replaced: use a new version.",
  },
  "bad-attestation": { status: 400, title: "An attestation of the file cannot be taken." },
  // What is asked for.
  "no-such-project": { status: 404, title: "There is no such project." },
  "no-such-release": { status: 404, title: "There is no such release." },
  "no-such-file": { status: 404, title: "There is no such file." },
  "no-such-account": { status: 404, title: "There is no such account." },
  "organisation-taken": { status: 409, title: "That organisation name is taken, or is not a name." },
  "no-provenance": { status: 404, title: "Nobody's signature of that file is known." },
  "not-acceptable": {
    status: 406,
    title: "This index speaks text/html, application/vnd.pypi.simple.v1+html and application/vnd.pypi.simple.v1+json.",
  },
  // Who shares what.
  "no-such-organisation": { status: 404, title: "There is no such organisation, or you are not in it." },
  "no-such-invitation": {
    status: 404,
    title: "There is no such invitation any more: it was answered, taken back, or has run out.",
  },
  "no-such-sharer": { status: 404, title: "That person has no role of their own there." },
  "not-yours-to-change": { status: 403, title: "Your role there does not let you change that." },
  "not-a-role": { status: 422, title: "That is not a role there." },
  "last-owner": {
    status: 409,
    title: "That would leave it without an owner. Make somebody else an owner first.",
  },
  "invite-yourself": { status: 422, title: "That is you. Name somebody else." },
  "invite-nobody": { status: 404, title: "There is nobody of that name on this index. A mail address works too." },
  "invited-already": { status: 409, title: "They have been invited already, and have not answered yet." },
  "shares-already": { status: 409, title: "They have a role there already. Change it in the list above." },
  "declined-lately": { status: 409, title: "They declined in the last seven days. Please talk to them first." },
  "too-many-sharers": { status: 409, title: "There are as many people there as there can be. Remove somebody first." },
  "too-many-invitations": {
    status: 429,
    title: "That is as many invitations as one account can send in a day. Please go on tomorrow.",
  },
  "too-many-organisations": { status: 409, title: "One account can own ten organisations. Hand one on first." },
  "in-an-organisation": {
    status: 409,
    title: "The project belongs to another organisation. Take it out there first.",
  },
  // Trusted publishers.
  "no-publishers": { status: 404, title: "This index knows no service whose runs could publish." },
  "bad-publisher": { status: 422, title: "Something in that publisher is not as it should be." },
  "publisher-there": { status: 409, title: "That publisher is registered already." },
  "too-many-publishers": { status: 409, title: "A project can have ten trusted publishers. Remove one first." },
  "no-such-publisher": { status: 404, title: "There is no such publisher." },
  "invalid-publisher": {
    status: 422,
    title: "The token is valid, but no project of this index has a trusted publisher that fits it.",
  },
  "publisher-recreated": {
    status: 422,
    title:
      "A repository of that name published before, and this is not the same one. If that is right, an owner of the project must register it anew.",
  },
  "publisher-transferred": {
    status: 422,
    title: "That repository belongs to somebody else than before. An owner of the project must register it anew.",
  },
  "publisher-proposal": {
    status: 422,
    title:
      "That run was set off by a proposal or a comment, which anybody can make. Publish from a push, a tag or a release.",
  },
  "publisher-not-now": {
    status: 403,
    title:
      "The account that registered this publisher may not publish at the moment. Another owner of the project can register it anew.",
  },
  "publisher-gone": { status: 403, title: "This publisher has been removed from the project." },
  "token-replayed": { status: 422, title: "That token was used before. Ask for a new one." },
  "not-a-page": { status: 422, title: "Please give the address of a page that begins with https://." },
  "not-in-metadata": {
    status: 409,
    title: "The newest release does not name that page. Add it to the project’s metadata, publish, and come back.",
  },
  "page-unreachable": { status: 409, title: "We could not read that page just now." },
  "no-link-back": { status: 409, title: "We read the page and found no link back to the project on it." },
  "too-many-urls": { status: 409, title: "A project can have ten verified pages. Remove one first." },
});
