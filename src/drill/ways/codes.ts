import {
  checkCode,
  countCodeAttempt,
  describeCodes,
  findAuthenticator,
  noteSuccess,
  updateDetail,
} from "../../authenticators/index.ts";
import { ok } from "../../kernel/result.ts";
import type { WayKind } from "../kind.ts";

/** The set of recovery codes. One typed back stands for all: they lie on the same paper. */
export const codes: WayKind = {
  id: "codes",
  list: async (reader, account) => {
    const set = await findAuthenticator(reader, account.id, "recovery-codes");
    const described = set && (await describeCodes(reader, account.id));
    if (!described || described.unused === 0) return [];
    const { madeAt: since, checkedAt: lastTestedAt } = described;
    const label = `Recovery codes (${described.unused} unused)`;
    return [{ id: set.id, kind: "codes", label, since, lastTestedAt }];
  },
  ask: {
    words: "Find your recovery codes where you keep them and type any unused one. It is compared and stays unused.",
    answer: {
      label: "One of your recovery codes",
      hint: "Not from memory, and not from this screen: from where you would look on a bad day.",
      shape: "line",
    },
    mend: { href: "/account/recovery-codes", label: "I cannot find them: make new ones" },
  },
  verify: async (runtime, self, _, answer) => {
    const set = await countCodeAttempt(runtime, self.account.id, self.now, "known");
    if (!set.ok) return set;
    const checked = await checkCode(runtime, set.value, answer);
    if (!checked.ok) return checked;
    return ok(async (tx) => {
      await noteSuccess(tx, set.value.id);
      await updateDetail(tx, set.value.id, { ...set.value.detail, checkedAt: self.now.toISOString() });
      return ok();
    });
  },
};
