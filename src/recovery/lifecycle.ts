import { defineLifecycle } from "../kernel/lifecycle.ts";

/** Who acts on a case. `machine` is the policy deciding; `clock` a time that was set; `objector` whoever was told. */
export type CaseActor = "claimant" | "subscriber" | "objector" | "reviewer" | "machine" | "clock";

export type CaseState =
  | "unconfirmed"
  | "collecting"
  | "review"
  | "second-review"
  | "information-requested"
  | "waiting"
  | "contested"
  | "incident"
  | "disputed"
  | "disputed-second"
  | "ready"
  | "restored"
  | "reversed"
  | "refused"
  | "withdrawn"
  | "expired";

/** States in which an account has its one open case. `unconfirmed` has no account yet. */
export const OPEN_STATES = [
  "collecting",
  "review",
  "second-review",
  "information-requested",
  "waiting",
  "contested",
  "incident",
  "disputed",
  "disputed-second",
  "ready",
] as const satisfies readonly CaseState[];

/** States in which a case is over, unless its claimant takes it up again or somebody objects. */
export const ENDED_STATES = [
  "restored",
  "reversed",
  "refused",
  "withdrawn",
  "expired",
] as const satisfies readonly CaseState[];

/** States in which new evidence may still change the outcome. */
export const EVIDENCE_STATES = [
  "collecting",
  "review",
  "second-review",
  "information-requested",
  "waiting",
] as const satisfies readonly CaseState[];

export const caseLifecycle = defineLifecycle({
  name: "recovery case",
  initial: "unconfirmed",
  states: {
    unconfirmed: { next: "claimant", means: "We are waiting for you to confirm the address you wrote from." },
    collecting: { next: "claimant", means: "You can now prove that the account is yours." },
    review: { next: "reviewer", means: "One of us is looking at your case." },
    "second-review": { next: "reviewer", means: "A second one of us is looking at your case." },
    "information-requested": { next: "claimant", means: "We have asked you something and wait for your answer." },
    waiting: {
      next: "clock",
      means: "Your case is decided. A waiting time runs, in which the owner can still object.",
    },
    contested: {
      next: "reviewer",
      means: "Somebody objected. The account is frozen until one of us has looked into it.",
    },
    incident: { next: "reviewer", means: "This is handled as a security incident. The account is frozen meanwhile." },
    disputed: {
      next: "reviewer",
      means: "Somebody objected after the account was given back. It is frozen until two of us have decided.",
    },
    "disputed-second": {
      next: "reviewer",
      means:
        "Somebody objected after the account was given back. One of us has decided, and another one has to say the same.",
    },
    ready: { next: "claimant", means: "You can now set a new password and a new second factor." },
    restored: { next: "nobody", means: "The account is open again." },
    reversed: {
      next: "nobody",
      means: "The recovery was taken back. The account stays frozen until a new case gives it to its owner.",
    },
    refused: { next: "nobody", means: "We could not let you in with what we have." },
    withdrawn: { next: "nobody", means: "The case was ended without any change to the account." },
    expired: { next: "nobody", means: "The case was closed because nothing happened for a while. You can reopen it." },
  },
  transitions: [
    { from: ["unconfirmed"], on: "confirm-contact", to: "collecting", by: ["claimant"] },
    { from: ["collecting", "review", "information-requested"], on: "grant", to: "waiting", by: ["machine"] },
    { from: ["waiting"], on: "reconsider", to: "collecting", by: ["machine"] },
    { from: ["collecting"], on: "submit", to: "review", by: ["claimant", "machine"] },
    { from: ["review", "second-review"], on: "request-information", to: "information-requested", by: ["reviewer"] },
    { from: ["information-requested"], on: "answer", to: "review", by: ["claimant"] },
    { from: ["review"], on: "approve-first", to: "second-review", by: ["reviewer"] },
    { from: ["review", "second-review"], on: "approve", to: "waiting", by: ["reviewer"] },
    {
      from: ["review", "second-review", "information-requested", "contested", "incident"],
      on: "refuse",
      to: "refused",
      by: ["reviewer"],
    },
    { from: ["waiting"], on: "wait-over", to: "ready", by: ["clock"] },
    { from: ["ready"], on: "restore", to: "restored", by: ["claimant"] },
    {
      from: ["collecting", "review", "second-review", "information-requested", "waiting", "ready"],
      on: "object",
      to: "contested",
      by: ["objector", "subscriber"],
    },
    { from: ["restored"], on: "object", to: "disputed", by: ["objector", "subscriber"] },
    { from: ["disputed"], on: "judge-first", to: "disputed-second", by: ["reviewer"] },
    { from: ["disputed-second"], on: "judge-otherwise", to: "disputed-second", by: ["reviewer"] },
    { from: ["disputed-second"], on: "keep", to: "restored", by: ["reviewer"] },
    { from: ["disputed-second"], on: "reverse", to: "reversed", by: ["reviewer"] },
    { from: ["contested", "incident"], on: "resume", to: "review", by: ["reviewer"] },
    {
      from: ["contested", "review", "second-review", "information-requested"],
      on: "report-incident",
      to: "incident",
      by: ["reviewer"],
    },
    {
      from: ["unconfirmed", "collecting", "review", "second-review", "information-requested", "waiting", "ready"],
      on: "withdraw",
      to: "withdrawn",
      by: ["claimant"],
    },
    { from: ["collecting", "review", "information-requested"], on: "supersede", to: "withdrawn", by: ["machine"] },
    {
      from: ["collecting", "review", "second-review", "information-requested", "waiting", "contested", "ready"],
      on: "owner-signed-in",
      to: "withdrawn",
      by: ["subscriber"],
    },
    {
      from: ["unconfirmed", "collecting", "information-requested", "ready"],
      on: "expire",
      to: "expired",
      by: ["clock"],
    },
    { from: ["expired"], on: "reopen", to: "collecting", by: ["claimant"] },
    { from: ["refused"], on: "appeal", to: "review", by: ["claimant"] },
  ],
});

export type CaseEvent = (typeof caseLifecycle.transitions)[number]["on"];
