import { apiToken } from "./kinds/api-token/api-token.ts";
import { knownDevice } from "./kinds/known-device/known-device.ts";
import { liveSession } from "./kinds/live-session/live-session.ts";
import { dns } from "./kinds/dns/dns.ts";
import { mailbox } from "./kinds/mailbox/mailbox.ts";
import { openpgp } from "./kinds/openpgp/openpgp.ts";
import { network } from "./kinds/network/network.ts";
import { password } from "./kinds/password/password.ts";
import { records } from "./kinds/records/records.ts";
import { savedCode } from "./kinds/saved-code/saved-code.ts";
import { recoveryContact } from "./kinds/recovery-contact/recovery-contact.ts";
import { trustedPublisher } from "./kinds/trusted-publisher/trusted-publisher.ts";
import { vouch } from "./kinds/vouch/vouch.ts";
import { repository } from "./kinds/repository/repository.ts";
import { sigstore } from "./kinds/sigstore/sigstore.ts";
import { sshSignature } from "./kinds/ssh-signature/ssh-signature.ts";
import { wellKnownFile } from "./kinds/well-known-file/well-known-file.ts";
import { registryMail } from "./kinds/registry-mail/registry-mail.ts";
import { type AnyKind, defineKind } from "./types.ts";

/** Every kind of evidence, one line each, in the order a claimant who has proven nothing sees them. */
export const kinds: readonly AnyKind[] = [
  defineKind(password),
  defineKind(mailbox),
  defineKind(apiToken),
  defineKind(sshSignature),
  defineKind(openpgp),
  defineKind(sigstore),
  defineKind(liveSession),
  defineKind(knownDevice),
  defineKind(savedCode),
  defineKind(registryMail),
  defineKind(repository),
  defineKind(trustedPublisher),
  defineKind(dns),
  defineKind(wellKnownFile),
  defineKind(records),
  defineKind(network),
  defineKind(vouch),
  defineKind(recoveryContact),
];

export const findKind = (id: string): AnyKind | undefined => kinds.find((kind) => kind.id === id);

/** The policy's kinds that can be asked for in this installation. */
export const offeredKinds: readonly string[] = kinds.flatMap((kind) => (kind.isNoted ? [] : kind.policyKinds));
