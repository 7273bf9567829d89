import type { PublisherId } from "../../kernel/ids.ts";
import { placeNow, takePublisherBack } from "../../registry/index.ts";
import { factOf, isOwnAct, subjectOf, type UndoKind } from "../kind.ts";
import type { Change } from "../types.ts";

/* Trusted publishers that were registered: what runs there publishes on, long after the thief's own tokens have ended. */

/** Project, then the id of the publisher. */
const publisherOf = (key: string) => {
  const [project = "", id = ""] = subjectOf(key).split(":");
  return { project, id: id as PublisherId }; // the key was found in the list
};

export const publishers: UndoKind = {
  id: "publisher",
  title: "Trusted publishers",
  acts: ["registry/publisher-added"],
  list: async (reader, scope) => {
    const added = scope.events.filter((one) => one.act === "registry/publisher-added" && isOwnAct(one, scope));
    const changes: Change[] = [];
    for (const event of added) {
      const [project, id] = [factOf(event, "project"), factOf(event, "id")];
      const now = await placeNow(reader, { kind: "project", slug: project }, scope.account.id);
      const isThere = now?.publishers.some((one) => one.id === id) ?? false;
      changes.push({
        key: `publisher:${project}:${id}`,
        at: event.at,
        what: `A trusted publisher of ${project} was registered: ${factOf(event, "publisher")}.`,
        undo: "Remove the publisher",
        over: !isThere
          ? "It has been removed already."
          : now?.role === "owner"
            ? null
            : "Only an owner of the project can remove it. Please ask one of them.",
      });
    }
    return changes;
  },
  undo: (tx, runtime, self, { key }) => takePublisherBack(tx, runtime, self.account, publisherOf(key)),
};
