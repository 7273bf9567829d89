import { AsyncLocalStorage } from "node:async_hooks";
import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
} from "kysely";

/** What one open transaction has done so far. */
export interface Deeds {
  hasWritten: boolean;
  hasEnded: boolean;
}

/** The transaction the present call runs in, if any. */
export const currentDeeds = new AsyncLocalStorage<Deeds>();

const WRITES = new Set(["InsertQueryNode", "UpdateQueryNode", "DeleteQueryNode", "MergeQueryNode"]);
const RAW_WRITE = /^\s*(?:with\b[\s\S]*\b)?(?:insert|update|delete|merge|truncate)\b/i;

const isWrite = (node: RootOperationNode): boolean =>
  WRITES.has(node.kind) || (node.kind === "RawNode" && RAW_WRITE.test(node.sqlFragments.join("?")));

/** Sees every query before it is sent, notes writes, and stops a query after its transaction has ended. */
export class WriteWitness implements KyselyPlugin {
  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    const deeds = currentDeeds.getStore();
    if (deeds?.hasEnded) throw new Error("A query was made after the end of its transaction.");
    if (deeds && isWrite(node)) deeds.hasWritten = true;
    return node;
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<Record<string, unknown>>> {
    return result as QueryResult<Record<string, unknown>>; // passed through untouched
  }
}
