import { encodeCrockford } from "./crypto/crockford.ts";
import type { Random } from "./random.ts";

/** Every kind of id, by its visible prefix. A value of one kind is not assignable to another. */
export type IdPrefix =
  | "acc" // account
  | "adr" // address
  | "aut" // authenticator
  | "ses" // session
  | "dev" // known device
  | "cer" // sign-in ceremony
  | "tok" // API token
  | "prj" // project
  | "rel" // release
  | "fil" // file
  | "org" // organisation
  | "key" // signing key
  | "frg" // forge identity
  | "case" // recovery case
  | "msg" // message in a case
  | "fnd" // finding
  | "rev" // review of a case
  | "ask" // question to the claimant
  | "cps" // case page session
  | "not" // notice
  | "hold" // hold
  | "bat" // several cases acted on at once
  | "view" // view of the queue that somebody keeps
  | "rct" // recovery contact
  | "inv" // invitation to share a project or an organisation
  | "url" // web page of a project
  | "pub" // trusted publisher of a project
  | "vch" // somebody asked to speak for a claimant
  | "mail" // outgoing mail
  | "inm" // mail that came in
  | "inf" // file that came with it
  | "one" // one-time secret
  | "mrq" // request that is answered by mail
  | "req"; // HTTP request

export type Id<P extends IdPrefix> = `${P}_${string}` & { readonly __id: P };

export type AccountId = Id<"acc">;
export type AddressId = Id<"adr">;
export type AuthenticatorId = Id<"aut">;
export type SessionId = Id<"ses">;
export type DeviceId = Id<"dev">;
export type CeremonyId = Id<"cer">;
export type ApiTokenId = Id<"tok">;
export type ProjectId = Id<"prj">;
export type ReleaseId = Id<"rel">;
export type FileId = Id<"fil">;
export type OrganisationId = Id<"org">;
export type SigningKeyId = Id<"key">;
export type ForgeIdentityId = Id<"frg">;
export type CaseId = Id<"case">;
export type MessageId = Id<"msg">;
export type FindingId = Id<"fnd">;
export type ReviewId = Id<"rev">;
export type RequestedId = Id<"ask">;
export type NoticeId = Id<"not">;
export type HoldId = Id<"hold">;
export type BatchId = Id<"bat">;
export type DeskViewId = Id<"view">;
export type ContactId = Id<"rct">;
export type InvitationId = Id<"inv">;
export type ProjectUrlId = Id<"url">;
export type PublisherId = Id<"pub">;
export type VouchId = Id<"vch">;
export type MailId = Id<"mail">;
export type InboundMailId = Id<"inm">;
export type InboundFileId = Id<"inf">;
export type OneTimeId = Id<"one">;
export type MailRequestId = Id<"mrq">;
export type RequestId = Id<"req">;

const BODY_SYMBOLS = 26;

/**
 * A new id: prefix, underscore, 26 symbols (48 bits of milliseconds, then 80 random bits), so that ids of one kind sort by age.
 * An id is a name, never a secret.
 */
export function newId<P extends IdPrefix>(prefix: P, now: Date, random: Random): Id<P> {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  random.bytes(10).copy(bytes, 6);
  return `${prefix}_${encodeCrockford(bytes).toLowerCase()}` as Id<P>; // the only place that makes the brand
}

/** Whether untrusted text has the shape of an id of this kind. Says nothing about whether it exists. */
export function isId<P extends IdPrefix>(prefix: P, text: string): text is Id<P> {
  const body = text.slice(prefix.length + 1);
  return text.startsWith(`${prefix}_`) && body.length === BODY_SYMBOLS && /^[0-9a-hjkmnp-tv-z]+$/.test(body);
}
