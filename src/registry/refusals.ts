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
  // What is asked for.
  "no-such-project": { status: 404, title: "There is no such project." },
  "no-such-release": { status: 404, title: "There is no such release." },
  "no-such-file": { status: 404, title: "There is no such file." },
  "no-such-account": { status: 404, title: "There is no such account." },
  "organisation-taken": { status: 409, title: "That organisation name is taken, or is not a name." },
  "not-acceptable": {
    status: 406,
    title: "This index speaks text/html, application/vnd.pypi.simple.v1+html and application/vnd.pypi.simple.v1+json.",
  },
});
