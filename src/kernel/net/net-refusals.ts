import { defineRefusals } from "../refusal.ts";

/** Every rule of the guarded fetch, one code a rule. None of their texts names an address that a name stands for. */
export const netRefusals = defineRefusals("net", {
  "url-malformed": {
    status: 422,
    title: "That does not read as a web address. It should look like https://example.org/path.",
  },
  scheme: { status: 422, title: "That web address must begin with https://." },
  credentials: { status: 422, title: "That web address carries a name or password before an @. Leave them out." },
  "host-spelling": {
    status: 422,
    title:
      "The host in that web address is spelled in an unusual way. Write the plain name, in ASCII, without a dot at its end.",
  },
  "host-reserved": {
    status: 422,
    title: "The host in that web address is a name for local use, not one of the public internet.",
  },
  "address-not-public": { status: 422, title: "That web address does not lead to the public internet." },
  port: { status: 422, title: "That web address names a port that is not the usual one of its scheme." },

  "name-not-found": { status: 422, title: "No address could be found for the host in that web address." },
  unreachable: { status: 502, title: "The server at that web address did not answer as it should." },
  "tls-failed": {
    status: 502,
    title: "The server at that web address could not prove its name with a valid certificate.",
  },
  "time-headers": { status: 504, title: "The server at that web address took too long to begin its answer." },
  "time-total": { status: 504, title: "The server at that web address took too long." },
  "headers-too-large": { status: 502, title: "The answer's headers were larger than we read." },
  "body-too-large": { status: 502, title: "The answer was larger than we read." },
  encoded: { status: 502, title: "The answer was compressed, though we asked for it plain." },
  "redirect-malformed": { status: 502, title: "The answer leads elsewhere, without saying properly where." },
  "redirect-not-followed": { status: 502, title: "The answer leads to a place that we do not follow." },
  "redirect-too-many": { status: 502, title: "The answer leads elsewhere too many times." },
});
