import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, test } from "node:test";
import { sql } from "kysely";
import type { InvitationId } from "../../src/kernel/ids.ts";
import type { Result } from "../../src/kernel/result.ts";
import {
  acceptInvitation,
  changeRole,
  declineInvitation,
  foundOrganisation,
  invite,
  leavePlace,
  listInvitationsTo,
  normalizeName,
  type PlaceName,
  removeSharer,
  type SharedRole,
  withdrawInvitation,
} from "../../src/registry/index.ts";
import { makeToken, must, serveIndex } from "../world/registry.ts";
import { maintainer } from "./cases.ts";
import { acts, mailsTo, openGround, type Subscriber, tally, times } from "./ground.ts";
import { makeWheel } from "../world/distributions.ts";

/* Who shares what, where several people change it at once. */

const ground = await openGround("sharing races");
const { runtime } = ground;
const now = () => runtime.clock.now();
after(() => ground.close());

const project = (owner: string): PlaceName => ({ kind: "project", slug: `project-${owner}` });

async function fixProject(owner: Subscriber): Promise<void> {
  // The ground names projects by their id; here their names matter too.
  const id = `project-${owner.account.username}`;
  await sql`update projects set name_folded = ${id} where id = ${id}`.execute(runtime.db.root);
  assert.equal(normalizeName(id), id);
  await sql`update projects set name = ${id}, name_normalized = ${id} where id = ${id}`.execute(runtime.db.root);
}

async function asked(by: Subscriber, place: PlaceName, who: Subscriber, role: SharedRole): Promise<InvitationId> {
  must(await invite(runtime, by.account, { place, who: who.account.username, role }, now()));
  const [open] = await listInvitationsTo(runtime.db, who.account.id, now());
  assert(open);
  return open.id;
}

const owners = async (slug: string): Promise<number> => {
  const { rows } = await sql<{ n: string }>`
    select count(*)::text as n from project_roles r join projects p on p.id = r.project_id
    where p.name_normalized = ${slug} and r.role = 'owner'`.execute(runtime.db.root);
  return Number(rows[0]?.n);
};

describe("sharing, raced", () => {
  test("two last owners leave at once: one stays", async () => {
    const [ann, ben] = [await maintainer(ground, "ann"), await ground.subscriber("ben")];
    await fixProject(ann);
    must(await acceptInvitation(runtime, ben.account, await asked(ann, project("ann"), ben, "owner"), now()));
    const outcomes = await ground.collide("project_roles", [
      () => leavePlace(runtime, ann.account, project("ann"), now()),
      () => leavePlace(runtime, ben.account, project("ann"), now()),
    ]);
    assert.deepEqual(tally(outcomes), { ok: 1, "registry/last-owner": 1 });
    assert.equal(await owners("project-ann"), 1);
  });

  test("two owners of an organisation make each other members at once: one stays owner", async () => {
    const [ann, ben] = [await ground.subscriber("ann-org"), await ground.subscriber("ben-org")];
    must(await foundOrganisation(runtime, ann.account, "two-of-us", now()));
    const place = { kind: "organisation", slug: "two-of-us" } as const;
    must(await acceptInvitation(runtime, ben.account, await asked(ann, place, ben, "owner"), now()));
    const demote = (by: Subscriber, whom: Subscriber) => () =>
      changeRole(runtime, by.account, { place, accountId: whom.account.id, role: "member" }, now());
    const outcomes = await ground.collide("organisation_members", [demote(ann, ben), demote(ben, ann)]);
    assert.deepEqual(tally(outcomes), { ok: 1, "registry/not-yours-to-change": 1 });
  });

  test("an invitation accepted ten times at once is accepted once", async () => {
    const [ann, ben] = [await maintainer(ground, "cleo"), await ground.subscriber("dirk")];
    await fixProject(ann);
    const id = await asked(ann, project("cleo"), ben, "maintainer");
    const outcomes = await ground.collide(
      "invitations",
      times(10, () => () => acceptInvitation(runtime, ben.account, id, now())),
      { meet: 1 },
    );
    assert.deepEqual(tally(outcomes), { ok: 1, "registry/no-such-invitation": 9 });
    assert.equal(await acts(ground, ben.account, "registry/invitation-accepted"), 1);
    const told = (await mailsTo(ground, ann.address)).filter((one) => one === "sharing-changed");
    assert.equal(told.length, 1);
  });

  for (const first of ["accept", "withdraw"] as const) {
    test(`an invitation is accepted and taken back at once; ${first} comes first, and only it holds`, async () => {
      const [ann, ben] = [await maintainer(ground, `ann-${first}`), await ground.subscriber(`ben-${first}`)];
      await fixProject(ann);
      const place = project(`ann-${first}`);
      const id = await asked(ann, place, ben, "owner");
      const both = [
        () => acceptInvitation(runtime, ben.account, id, now()),
        () => withdrawInvitation(runtime, ann.account, { place, id }, now()),
      ];
      const contenders = first === "accept" ? both : both.toReversed();
      const outcomes = await ground.collide<Result<unknown>>("invitations", contenders, { isInTurn: true });
      assert.deepEqual(tally(outcomes), { ok: 1, "registry/no-such-invitation": 1 });
      assert.equal(outcomes[0]?.ok, true, "who came first");
      assert.equal(await owners(place.slug), first === "accept" ? 2 : 1);
    });
  }

  test("declined and accepted at once: one of the two", async () => {
    const [ann, ben] = [await maintainer(ground, "edda"), await ground.subscriber("finn")];
    await fixProject(ann);
    const id = await asked(ann, project("edda"), ben, "owner");
    const outcomes = await ground.collide<Result<unknown>>("invitations", [
      () => acceptInvitation(runtime, ben.account, id, now()),
      () => declineInvitation(runtime, ben.account, id, now()),
    ]);
    assert.equal(outcomes.filter((one) => one.ok).length, 1);
  });

  test("somebody removed while they publish: what was in time is there, and nothing after it", async () => {
    const [ann, ben] = [await maintainer(ground, "gwen"), await ground.subscriber("hugo")];
    await fixProject(ann);
    const place = project("gwen");
    must(await acceptInvitation(runtime, ben.account, await asked(ann, place, ben, "maintainer"), now()));
    const named = { ...runtime, logLines: [] };
    const index = await serveIndex(named);
    try {
      const authorization = `Basic ${Buffer.from(`__token__:${await makeToken(named, ben.account)}`).toString("base64")}`;
      const publish = async (version: string): Promise<number> => {
        const wheel = makeWheel({ name: place.slug, version });
        const form = new FormData();
        form.append("sha256_digest", createHash("sha256").update(wheel.bytes).digest("hex"));
        const fields = { ":action": "file_upload", protocol_version: "1", metadata_version: "2.1" };
        for (const [name, value] of Object.entries({
          ...fields,
          name: place.slug,
          version,
          filetype: "bdist_wheel",
          pyversion: "py3",
        }))
          form.append(name, value);
        form.append("content", new Blob([new Uint8Array(wheel.bytes)]), wheel.filename);
        const answer = await fetch(new URL("/legacy/", index.url), {
          method: "POST",
          body: form,
          headers: { authorization },
        });
        await answer.text();
        return answer.status;
      };
      assert.equal(await publish("1.0"), 200);
      // The upload stands at the table of files with the role locked; the removal has to wait for it.
      const outcomes = await ground.collide<unknown>(
        "files",
        [() => publish("1.1"), () => removeSharer(runtime, ann.account, { place, accountId: ben.account.id }, now())],
        { isInTurn: true },
      );
      assert.equal(outcomes[0], 200);
      assert((outcomes[1] as Result<undefined>).ok); // what the second contender gives
      assert.equal(await publish("1.2"), 403);
      assert.equal(await ground.count("files", "project_id", place.slug), 2);
    } finally {
      await index.close();
    }
  });
});
