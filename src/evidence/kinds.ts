import { apiToken } from "./kinds/api-token/api-token.ts";
import { dns } from "./kinds/dns/dns.ts";
import { mailbox } from "./kinds/mailbox/mailbox.ts";
import { password } from "./kinds/password/password.ts";
import { records } from "./kinds/records/records.ts";
import { repository } from "./kinds/repository/repository.ts";
import { sshSignature } from "./kinds/ssh-signature/ssh-signature.ts";
import { wellKnownFile } from "./kinds/well-known-file/well-known-file.ts";
import { type AnyKind, defineKind } from "./types.ts";

/** Every kind of evidence, one line each, in the order a claimant who has proven nothing sees them. */
export const kinds: readonly AnyKind[] = [
  defineKind(password),
  defineKind(mailbox),
  defineKind(apiToken),
  defineKind(sshSignature),
  defineKind(repository),
  defineKind(dns),
  defineKind(wellKnownFile),
  defineKind(records),
];

export const findKind = (id: string): AnyKind | undefined => kinds.find((kind) => kind.id === id);

/** The policy's kinds that can be asked for in this installation. */
export const offeredKinds: readonly string[] = kinds.flatMap((kind) => kind.policyKinds);
