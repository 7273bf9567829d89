import { test } from "node:test";
import { startWorld, type World, type WorldOptions } from "./world.ts";

/** A test that is a story in a world of its own. The world is closed whatever happens, and checked when all went well. */
export function story(name: string, options: WorldOptions, play: (world: World) => Promise<void>): void {
  void test(name, async () => {
    const world = await startWorld(options);
    try {
      await play(world);
    } catch (error) {
      await world.abandon();
      throw error;
    }
    await world.close();
  });
}
