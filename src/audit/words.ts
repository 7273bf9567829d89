/* Acts of the log as people read them, on the pages of their owner and at the desk. */

const ACTS: Readonly<Record<string, string>> = {
  "accounts/address-confirmed": "Mail address confirmed",
  "accounts/administrator-created": "Administrator created",
  "accounts/confirmation-resent": "Confirmation mail sent again",
  "accounts/frozen": "Account frozen",
  "accounts/registered": "Account created",
  "accounts/staff-appointed": "Given a role at the desk",
  "accounts/thawed": "Freeze ended",
  "accounts/unlocked": "Account unlocked by its owner, new password chosen",
  "audit/personal-data-erased": "Personal data of old events erased",
  "authenticators/password-changed": "Password changed",
  "authenticators/recovery-codes-checked": "Recovery codes checked",
  "authenticators/recovery-codes-made": "New recovery codes made",
  "authenticators/totp-begun": "Setting up an authenticator app begun",
  "authenticators/totp-bound": "Authenticator app set up",
  "console/case-viewed": "Case looked at by the desk",
  "evidence/challenge-started": "A proof begun",
  "evidence/finding-recorded": "A proof checked",
  "evidence/finding-rechecked": "A proof checked again",
  "evidence/mailbox-code-requested": "Code for a mailbox asked for",
  "evidence/observations-erased": "Details of old proofs erased",
  "evidence/signing-key-registered": "SSH key added",
  "evidence/signing-key-revoked": "SSH key removed",
  "operator/administrator-link-issued": "Link for the first administrator made",
  "recovery/account-locked": "Account locked with “This was not me”",
  "recovery/answer": "Question of the desk answered",
  "recovery/appeal": "Appeal against the refusal",
  "recovery/appealed-against-freeze": "Word to the desk about the freeze",
  "recovery/approve": "Recovery approved by a person, waiting time begun",
  "recovery/approve-first": "Recovery approved by the first of two people",
  "recovery/authenticators-bound": "New password and authenticator app after recovery",
  "recovery/case-code-mailed": "Code for the case page mailed",
  "recovery/case-opened": "Recovery case opened",
  "recovery/case-page-opened": "Case page opened",
  "recovery/confirm-contact": "Contact address of the case confirmed",
  "recovery/contact-confirmed": "Contact address of the case confirmed",
  "recovery/everybody-told": "Everybody told about the case",
  "recovery/expire": "Recovery case expired",
  "recovery/grant": "Recovery decided, waiting time begun",
  "recovery/message-written": "Message in the case",
  "recovery/note-written": "Internal note of the desk",
  "recovery/object": "Recovery stopped by an objection",
  "recovery/objected": "Objection made",
  "recovery/owner-signed-in": "Recovery ended, because the owner signed in",
  "recovery/reconsider": "Recovery weighed anew",
  "recovery/reopen": "Recovery case opened again",
  "recovery/refuse": "Recovery refused",
  "recovery/report-incident": "Handled as an incident",
  "recovery/request-information": "The desk asked a question",
  "recovery/restore": "Account restored",
  "recovery/resume": "Recovery taken up again",
  "recovery/submit": "Handed to the desk",
  "recovery/supersede": "Made way for another recovery case",
  "recovery/wait-over": "Waiting time over",
  "recovery/wait-shortened": "Waiting time became shorter",
  "recovery/withdraw": "Recovery case withdrawn",
  "registry/api-token-created": "API token made",
  "registry/api-token-held": "API token held",
  "registry/api-token-released": "API token released",
  "registry/api-token-revoked": "API token ended",
  "registry/api-tokens-held": "All API tokens held",
  "registry/api-tokens-revoked": "All API tokens ended",
  "registry/file-published": "File published",
  "registry/hold-placed": "Some powers held for a while",
  "registry/member-added": "Member of an organisation added",
  "registry/organisation-created": "Organisation created",
  "registry/project-assigned": "Project moved to an organisation",
  "registry/project-created": "Project created",
  "registry/role-granted": "Role on a project given",
  "sessions/authenticators-shown": "Password and app shown again",
  "sessions/ended": "Session ended",
  "sign-in/failed": "Sign-in failed",
  "sign-in/password-accepted": "Password was right, second step to come",
  "sign-in/succeeded": "Signed in",
};

/** Every act that this version writes. */
export const KNOWN_ACTS: readonly string[] = Object.keys(ACTS);

/** An act in words; null for one that has none yet. */
export const wordsOfAct = (act: string): string | null => ACTS[act] ?? null;

/** An act in words, from its name where it has none of its own (a row written by a newer version). */
export const describeAct = (event: { readonly act: string }): string =>
  wordsOfAct(event.act) ??
  event.act
    .replace(/^[a-z-]+\//, "")
    .replaceAll("-", " ")
    .replace(/^./, (first) => first.toUpperCase());
