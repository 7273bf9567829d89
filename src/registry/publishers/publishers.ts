import type { Account } from "../../accounts/index.ts";
import { transact } from "../../kernel/db/transact.ts";
import { newId, type PublisherId } from "../../kernel/ids.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { openPlace } from "../people/places.ts";
import { LIMITS } from "../people/rules.ts";
import { traceChange } from "../people/tell.ts";
import { registryRefusals } from "../refusals.ts";
import { insertPublisher, listPublishers, setPublisherRemoved } from "../store/publishers.ts";
import { isService, publisherInWords, readIdentity, type TypedPublisher } from "./services.ts";

/** The services whose runs may publish here, as the operator's settings name them. */
export const trustedServices = ({ issuedTokens }: Pick<Runtime, "issuedTokens">) =>
  (issuedTokens?.issuers ?? []).flatMap(({ service, issuer }) => (isService(service) ? [{ service, issuer }] : []));

/**
 * Registers something that runs at another service as a publisher of a project. Refuses who does not own the project, a
 * hold, a service the operator has not named, what does not read as a publisher of it, one that is there, and one too
 * many. Every owner is told.
 */
export function addPublisher(
  runtime: Runtime,
  by: Account,
  which: { readonly project: string; readonly issuer: string } & TypedPublisher,
  now: Date,
): Promise<Result<PublisherId>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<PublisherId>> => {
    const needs = { role: "owner", power: "publishers" } as const;
    const place = await openPlace(tx, { kind: "project", slug: which.project }, by, needs);
    if (!place.ok) return place;
    if (place.value.kind !== "project") throw new Error("A project was asked for.");
    const service = trustedServices(runtime).find(({ issuer }) => issuer === which.issuer);
    if (!service) return refuse(registryRefusals["no-publishers"]());
    const read = readIdentity(service, which);
    if ("wrong" in read) return refuse(registryRefusals["bad-publisher"]({ fields: read.wrong }));
    const projectId = place.value.id;
    if ((await listPublishers(tx, projectId)).length >= LIMITS.publishers)
      return refuse(registryRefusals["too-many-publishers"]());
    const id = newId("pub", tx.now, runtime.random);
    if (!(await insertPublisher(tx, { ...read.identity, id, projectId, addedBy: by.id })))
      return refuse(registryRefusals["publisher-there"]());
    const publisher = publisherInWords(read.identity);
    await traceChange(tx, runtime, {
      by,
      place: place.value,
      what: `${by.username} registered a trusted publisher: ${publisher}. What runs there can publish the project from now on.`,
      act: "registry/publisher-added",
      facts: { publisher, id },
      isForOwners: true,
    });
    return ok(id);
  });
}

/**
 * Takes a publisher away; tokens that its runs hold end with it. Refuses who does not own the project, a hold, and one
 * that is not there. Every owner is told.
 */
export function removePublisher(
  runtime: Runtime,
  by: Account,
  which: { readonly project: string; readonly id: PublisherId },
  now: Date,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const needs = { role: "owner", power: "publishers" } as const;
    const place = await openPlace(tx, { kind: "project", slug: which.project }, by, needs);
    if (!place.ok) return place;
    if (place.value.kind !== "project") throw new Error("A project was asked for.");
    const gone = await setPublisherRemoved(tx, place.value.id, which.id);
    if (!gone) return refuse(registryRefusals["no-such-publisher"]());
    const publisher = publisherInWords(gone);
    await traceChange(tx, runtime, {
      by,
      place: place.value,
      what: `${by.username} removed the trusted publisher ${publisher}.`,
      act: "registry/publisher-removed",
      facts: { publisher, id: gone.id },
      isForOwners: true,
    });
    return ok();
  });
}
