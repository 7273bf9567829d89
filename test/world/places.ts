import assert from "node:assert/strict";
import { evidenceWorld } from "../../src/evidence/test-support.ts";
import type { Secret } from "../../src/kernel/secret.ts";
import type { Runtime } from "../../src/kernel/runtime.ts";
import { makeWheel } from "./distributions.ts";
import { type GitServer, serveGit } from "./git-server.ts";
import { type NameServer, serveNames, type Zone } from "./name-server.ts";
import { postUpload, serveIndex, uploadForm } from "./registry.ts";

/* People with projects, and the places those link to: an index, a forge, a name server, all on this machine. */

const DAY_MS = 24 * 3600_000;

export async function placesWorld(hosts: readonly string[], zone: () => Zone = () => ({})) {
  const world = await evidenceWorld();
  const index = await serveIndex(world.runtime);
  const forge: GitServer = await serveGit(hosts);
  const names: NameServer = await serveNames(zone);
  const runtime: Runtime = { ...world.runtime, outside: forge.outside({ names: [names.address] }) };
  const pass = (days: number): void => world.runtime.clock.advance(days * DAY_MS);
  return {
    ...world,
    /** With the outside, which leads to this machine. */
    runtime,
    forge,
    names,
    pass,
    /** Uploads a release that links to these places, now. */
    publish: async (token: Secret<string>, name: string, version: string, projectUrls: readonly string[]) => {
      const wheel = makeWheel({ name, version, projectUrls });
      const answer = await postUpload(index, token.reveal(), uploadForm(wheel, { name, version }));
      assert.equal(answer.status, 200, answer.text);
    },
    close: async () => {
      await forge.close();
      await names.close();
      await index.close();
      await world.close();
    },
  };
}

export type PlacesWorld = Awaited<ReturnType<typeof placesWorld>>;
