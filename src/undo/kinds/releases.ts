import { markRelease, releaseNow } from "../../registry/index.ts";
import { factOf, isOwnAct, subjectOf, type UndoKind } from "../kind.ts";
import type { Change } from "../types.ts";

/*
 * Files that were published, by release. What is published stays: others may have it already, and a name and version is
 * never given twice. A yank tells installers to pass it over, and says why (PEP 592).
 */

const REASON = "Published while somebody else was in the maintainer’s account. Do not use it.";

/** Project and version: neither has a colon in it. */
const releaseOf = (key: string) => {
  const [project = "", version = ""] = subjectOf(key).split(":");
  return { project, version };
};

export const releases: UndoKind = {
  id: "release",
  title: "Releases",
  acts: ["registry/file-published"],
  list: async (reader, scope) => {
    const published = scope.events.filter((one) => one.act === "registry/file-published" && isOwnAct(one, scope));
    const byRelease = Map.groupBy(published, (one) => `release:${factOf(one, "project")}:${factOf(one, "version")}`);
    const changes: Change[] = [];
    for (const [key, events] of byRelease) {
      const first = events[0];
      const release = releaseOf(key);
      const now = await releaseNow(reader, release, scope.account.id);
      if (!first || !now) continue;
      const files = events.map((one) => factOf(one, "file")).join(", ");
      const isWhole = now.createdAt >= scope.window.from;
      changes.push({
        key,
        at: first.at,
        what: isWhole
          ? `Version ${release.version} of ${release.project} was published: ${files}.`
          : `A file was added to version ${release.version} of ${release.project}, which is older: ${files}.`,
        undo: `Yank version ${release.version}`,
        over: now.isYanked
          ? "It is yanked already."
          : now.mayYank
            ? null
            : "Only an owner of the project can yank it. Please ask one of them.",
      });
    }
    return changes;
  },
  undo: (tx, runtime, self, { key }) => markRelease(tx, runtime, self.account, { ...releaseOf(key), because: REASON }),
};

export const yanks: UndoKind = {
  id: "yank",
  title: "Yanked releases",
  acts: ["registry/release-yanked"],
  list: async (reader, scope) => {
    const yanked = scope.events.filter((one) => one.act === "registry/release-yanked" && isOwnAct(one, scope));
    const byRelease = new Map(yanked.map((one) => [`yank:${factOf(one, "project")}:${factOf(one, "version")}`, one]));
    const changes: Change[] = [];
    for (const [key, event] of byRelease) {
      const release = releaseOf(key);
      const now = await releaseNow(reader, release, scope.account.id);
      if (!now || now.createdAt >= scope.window.from) continue; // published in that time itself: nobody wants it back
      changes.push({
        key,
        at: event.at,
        what: `Version ${release.version} of ${release.project} was yanked.`,
        undo: "Take the yank back",
        over: !now.isYanked
          ? "It is not yanked any more."
          : now.mayRestore
            ? null
            : "Only an owner of the project can take that back. Please ask one of them.",
      });
    }
    return changes;
  },
  undo: (tx, runtime, self, { key }) => markRelease(tx, runtime, self.account, { ...releaseOf(key), because: null }),
};
