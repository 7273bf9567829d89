import { type CheckUp, checkUp, type Door, type HoldingKind } from "../check-up/index.ts";
import { listWays, nextToTest, type Way } from "../drill/index.ts";
import { attr, badge, durationInWords, emptyState, html, type Html, linkButton, table } from "../kernel/html/index.ts";
import { defineRoute, page, type Route } from "../kernel/http/index.ts";
import type { RecoveryRuntime } from "../recovery/index.ts";
import { subscriberGuard } from "../sessions/index.ts";
import { accountFrame } from "./account-frame.ts";
import { waysTable } from "./drill.ts";

/** What to do next, in the words of the person, and where. */
const STEP: Readonly<Record<HoldingKind, { readonly words: string; readonly href: string; readonly label: string }>> = {
  password: { words: "Set a password.", href: "/account/password", label: "Set a password" },
  app: { words: "Set up an authenticator app.", href: "/account/setup", label: "Set it up" },
  passkey: {
    words: "Add a passkey, best one that is synced or on another device.",
    href: "/account/passkeys/new",
    label: "Add a passkey",
  },
  "security-key": {
    words: "Add a security key.",
    href: "/account/passkeys/new",
    label: "Add a key",
  },
  codes: {
    words: "Make recovery codes and keep them on paper.",
    href: "/account/recovery-codes",
    label: "Make recovery codes",
  },
  mailbox: { words: "Confirm your address.", href: "/account/setup", label: "Confirm it" },
  "ssh-key": {
    words: "Register an SSH key, best one on another device than your phone. It counts after a week.",
    href: "/account/keys",
    label: "Register a key",
  },
  "openpgp-key": {
    words: "Add an OpenPGP key. It counts after a week.",
    href: "/account/openpgp",
    label: "Add a key",
  },
  "api-token": { words: "Make an API token.", href: "/account/tokens", label: "Make a token" },
};

const wait = ({ kind, waitMs }: Door): string =>
  kind === "sign-in"
    ? "at once"
    : `after ${durationInWords(waitMs / 1000)}${kind === "recovery-by-people" ? ", and people decide" : ""}`;

const ROW = 46;
const WIDTH = 780;
const DOOR_X = 430;

/** Things on the left, doors on the right, a line where a door needs a thing. The tables below say the same in words. */
function picture({ holdings, doors }: CheckUp): Html {
  const rows = Math.max(holdings.length, doors.length);
  const y = (row: number, of: number): number => ((rows - of) * ROW) / 2 + row * ROW + ROW / 2;
  const lines = doors.flatMap((door, to) =>
    door.holdings.map((id) => {
      const from = holdings.findIndex((one) => one.id === id);
      const [startY, endY] = [y(from, holdings.length), y(to, doors.length)];
      return html`<path class="graph-line graph-${door.kind}" d="M 250 ${startY} C 340 ${startY}, 340 ${endY}, ${DOOR_X} ${endY}"></path>`;
    }),
  );
  const thing = (label: string, row: number): Html =>
    html`<g><rect class="graph-thing" x="1" y="${y(row, holdings.length) - 17}" width="249" height="34" rx="6"></rect><text x="14" y="${y(row, holdings.length) + 5}">${label.slice(0, 30)}</text></g>`;
  const door = (one: Door, row: number): Html =>
    html`<g><rect class="graph-door graph-${one.kind}" x="${DOOR_X}" y="${y(row, doors.length) - 17}" width="${WIDTH - DOOR_X - 1}" height="34" rx="6"></rect><text x="${DOOR_X + 14}" y="${y(row, doors.length) + 5}">${one.kind === "sign-in" ? "Sign in" : "Recovery"}, ${wait(one)}</text></g>`;
  return html`<svg class="graph" viewBox="0 0 ${WIDTH} ${rows * ROW}" role="img" ${attr("aria-label", "What opens your account: things on the left, ways in on the right. The tables say the same.")}>${lines}${holdings.map((one, row) => thing(one.label, row))}${doors.map(door)}</svg>`;
}

const MOST_DOORS = 8;

/** Having a way back is one thing, finding it on a bad day another. */
const testedBody = (ways: readonly Way[], now: Date): Html => html`
  <h2>Could you get back in today?</h2>
  ${waysTable(ways, now)}
  <p class="actions">${linkButton({ href: "/account/drill", label: "Test them", kind: nextToTest(ways, now) ? "primary" : "secondary" })}</p>`;

function checkUpBody(result: CheckUp, ways: readonly Way[], now: Date): Html {
  const { doors, losses, score, next, holdings } = result;
  const names = new Map(holdings.map((one) => [one.id, one.label]));
  const named = (door: Door): string => door.holdings.map((id) => names.get(id) ?? id).join(" and ");
  const shown = { ...result, doors: doors.slice(0, MOST_DOORS) };
  return html`
    <h1>Check-up</h1>
    <p class="lead">${score} of 100: ${score >= 80 ? "you can lose any one thing and still get in." : score >= 50 ? "most losses cost you only time." : "a single loss can lock you out."}</p>
    ${
      next
        ? html`<p><strong>What would help most:</strong> ${STEP[next.kind].words}</p><p class="actions">${linkButton({ href: STEP[next.kind].href, label: STEP[next.kind].label })}</p>`
        : html`<p>There is nothing simple left to add. Once a year, <a href="/account/drill">test whether you could get back in today</a>.</p>`
    }
    <h2>What opens your account</h2>
    ${doors.length === 0 ? emptyState({ title: "Nothing yet", body: html`<p>Finish setting up your account first.</p>` }) : picture(shown)}
    ${table({
      caption: "Each of these, taken together, is enough: for you, and for a thief",
      columns: [{ label: "What is needed", isRowHeader: true }, "Opens"],
      rows: shown.doors.map((door) => [named(door), wait(door)]),
      empty: "Nothing.",
    })}
    ${doors.length > MOST_DOORS ? html`<p class="muted">And ${doors.length - MOST_DOORS} more, each a recovery with other proofs.</p>` : null}
    <h2>If you lose one thing</h2>
    ${table({
      caption: "What is left then",
      columns: [{ label: "You lose", isRowHeader: true }, "You still get in with", "When", ""],
      rows: losses.map(({ holding, left }) => [
        holding.label,
        left ? named(left) : "Nothing",
        left ? wait(left) : "Never",
        left === null
          ? badge({ tone: "danger", text: "Locked out" })
          : left.kind === "sign-in"
            ? badge({ tone: "success", text: "Fine" })
            : badge({ tone: "warning", text: "A wait" }),
      ]),
      empty: "Nothing is bound to this account yet.",
    })}
    ${testedBody(ways, now)}
    <p class="muted">Computed from your account as it is now and the recovery policy in force. What was added in the last days may not count yet.</p>`;
}

export const checkUpRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/account/check-up",
    about: "What opens the account, and which losses would lock its owner out.",
    guard: subscriberGuard,
    handle: async (_, request) => {
      const { account } = request.actor;
      const result = await checkUp(runtime, account, request.now);
      const ways = await listWays(runtime.db, account);
      return page(accountFrame(runtime, request, "Check-up", checkUpBody(result, ways, request.now)));
    },
  }),
];
