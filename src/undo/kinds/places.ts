import { findAccount } from "../../accounts/index.ts";
import type { InvitationId, OrganisationId, ProjectUrlId } from "../../kernel/ids.ts";
import {
  findOpenInvitation,
  moveBack,
  placeInWords,
  placeNow,
  roleInWords,
  takePageBack,
  withdrawSent,
} from "../../registry/index.ts";
import { factOf, isBy, isOwnAct, placeOf, subjectOf, type UndoKind } from "../kind.ts";
import type { Change } from "../types.ts";
import { runOf } from "../window.ts";

/* What belongs to projects and organisations besides people: invitations that are open, verified pages, moves. */

export const invitations: UndoKind = {
  id: "invitation",
  title: "Invitations",
  isLeftOutWhenOver: true,
  acts: ["registry/invited"],
  list: async (reader, scope) => {
    const changes: Change[] = [];
    for (const event of scope.events) {
      const place = placeOf(event);
      if (event.act !== "registry/invited" || !place || !isOwnAct(event, scope)) continue;
      const id = factOf(event, "invitation");
      const open = await findOpenInvitation(reader, id as InvitationId); // written by the registry
      const asked = open?.accountId ? (await findAccount(reader, open.accountId))?.username : open?.address;
      const where = placeInWords({ kind: place.kind, name: open?.place.name ?? place.slug });
      changes.push({
        key: `invitation:${id}`,
        at: event.at,
        what: open
          ? `${asked ?? "Somebody"} was invited to become ${roleInWords(open.role)} of ${where}.`
          : `Somebody was invited to share ${where}.`,
        undo: `Withdraw the invitation`,
        over: open && open.expiresAt > scope.now ? null : "It has ended: answered, withdrawn, or out of date.",
      });
    }
    return changes;
  },
  undo: (tx, runtime, self, { key }) => withdrawSent(tx, runtime, self.account, subjectOf(key) as InvitationId), // the key was found in the list
};

/** Project, then the id of the page. */
const pageOf = (key: string) => {
  const [project = "", id = ""] = subjectOf(key).split(":");
  return { project, id: id as ProjectUrlId }; // the key was found in the list
};

export const pages: UndoKind = {
  id: "page",
  title: "Verified pages",
  acts: ["registry/url-verified"],
  list: async (reader, scope) => {
    const verified = scope.events.filter((one) => one.act === "registry/url-verified" && isOwnAct(one, scope));
    const byPage = new Map(verified.map((one) => [`${factOf(one, "project")} ${factOf(one, "url")}`, one]));
    const changes: Change[] = [];
    for (const event of byPage.values()) {
      const project = factOf(event, "project");
      const now = await placeNow(reader, { kind: "project", slug: project }, scope.account.id);
      const page = now?.urls.find((one) => one.url === factOf(event, "url"));
      // One that was looked at again is as old as it was, and is somebody else's where somebody else had it verified.
      if (!page || page.boundBy !== scope.account.id || page.boundAt < scope.window.from) continue;
      changes.push({
        key: `page:${project}:${page.id}`,
        at: event.at,
        what: `The page ${page.url} was verified as one of the project ${project}.`,
        undo: "Remove the page",
        over: now?.role === "owner" ? null : "Only an owner of the project can remove it. Please ask one of them.",
      });
    }
    return changes;
  },
  undo: (tx, runtime, self, { key }) => takePageBack(tx, runtime, self.account, pageOf(key)),
};

const MOVES = ["registry/project-assigned", "registry/project-unassigned"];

export const moves: UndoKind = {
  id: "move",
  title: "Projects moved",
  acts: MOVES,
  list: async (reader, scope) => {
    const moved = scope.events.filter((event) => MOVES.includes(event.act));
    const byProject = Map.groupBy(moved, (event) => factOf(event, "project"));
    const changes: Change[] = [];
    for (const [project, events] of byProject) {
      const deeds = events.map((event) => {
        const where = factOf(event, "organisation");
        const isIn = event.act === "registry/project-assigned";
        const isOurs = isBy(event, scope.account.id);
        return { at: event.at, isOurs, before: isIn ? "" : where, after: isIn ? where : "" };
      });
      const run = runOf(deeds, scope.window);
      const now = run && (await placeNow(reader, { kind: "project", slug: project }, scope.account.id));
      const isIn = run?.after !== "";
      const organisation = isIn ? run?.after : run?.before;
      if (!run || !now || !organisation) continue;
      const isStanding = (now.organisation?.id ?? "") === run.after;
      changes.push({
        key: `move:${project}:${organisation}:${isIn ? "out" : "in"}`,
        at: run.at,
        what: isIn
          ? `The project ${project} was put into an organisation${now.organisation ? `, ${now.organisation.name}` : ""}.`
          : `The project ${project} was taken out of its organisation.`,
        undo: isIn ? "Take it out again" : "Put it back",
        over: run.isTouchedSince || !isStanding ? "It was changed again since." : null,
      });
    }
    return changes;
  },
  undo: (tx, runtime, self, { key }) => {
    const [project = "", organisation = "", to] = subjectOf(key).split(":");
    const move = { project, organisation: organisation as OrganisationId, isIn: to === "in" }; // the key was found in the list
    return moveBack(tx, runtime, self.account, move);
  },
};
