import assert from "node:assert/strict";
import { test } from "node:test";
import { newQuarters } from "./links.ts";

test("a link is new where it leads to another host, or to another owner on a host", () => {
  const earlier = ["https://forge.example/alice/alpenglow", "https://alpenglow.example/"];
  const isNew = (url: string): boolean => newQuarters([url], earlier).length === 1;
  assert.equal(isNew("https://forge.example/Alice/other"), false);
  assert.equal(isNew("https://forge.example/alice/alpenglow/issues"), false);
  assert.equal(isNew("https://forge.example/mallory/alpenglow"), true);
  assert.equal(isNew("https://mallory.example/"), true);
  assert.equal(
    isNew("https://alpenglow.example/changes/2.0"),
    true,
    "what stands first in a path may be somebody else's",
  );
  assert.equal(isNew("no address"), false);
});
