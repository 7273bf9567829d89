import { Readable } from "node:stream";
import { z } from "zod";
import { audit } from "../../audit/index.ts";
import { badge, html, type Html } from "../../kernel/html/index.ts";
import { defineRoute, refused, type Reply, type Route } from "../../kernel/http/index.ts";
import { type InboundFileId, isId } from "../../kernel/ids.ts";
import { transact } from "../../kernel/db/transact.ts";
import { ok } from "../../kernel/result.ts";
import { type InboundMail, judgeSender, readInboundFile, type Verdicts } from "../../mail-in/index.ts";
import { findCaseByNumber, recoveryRefusals, type RecoveryRuntime } from "../../recovery/index.ts";
import { anyStaffGuard } from "../sign-in.ts";
import { PARAMS } from "./params.ts";

const SENDER = {
  confirmed: { tone: "success", text: "Sender confirmed" },
  unconfirmed: { tone: "warning", text: "Sender not confirmed" },
  forged: { tone: "danger", text: "Sender forged" },
} as const;

const verdictsInWords = ({ spf, dkim, dmarc }: Verdicts): string =>
  [
    `SPF ${spf.result}${spf.domain === "" ? "" : ` for ${spf.domain}`}`,
    dkim.length === 0 ? "no DKIM signature" : dkim.map((one) => `DKIM ${one.result} for ${one.domain}`).join(", "),
    `DMARC ${dmarc.result}${dmarc.policy === null ? "" : ` (policy ${dmarc.policy})`}`,
  ].join("; ");

const size = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / (1024 * 1024)).toFixed(1)} MB`;

/** Who a mail is from as far as is known, and the files that came with it. A name in From proves nothing. */
export const mailPart = (mail: InboundMail | undefined, number: string): Html | null =>
  mail
    ? html`
      <p class="muted">By mail from ${mail.sender} ${badge(SENDER[judgeSender(mail.sender, mail.verdicts)])} ${verdictsInWords(mail.verdicts)}</p>
      ${mail.files.length > 0 ? html`<ul class="files">${mail.files.map((file) => html`<li><a href="/console/cases/${number}/files/${file.id}" download>${file.name}</a> <span class="muted">${file.mediaType}, ${size(file.size)}</span></li>`)}</ul>` : null}`
    : null;

/** What somebody attached, to be saved and never shown: as bytes without a type, and only from here. */
export const mailRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/console/cases/:number/files/:file",
    about: "A file that came with a mail of the case, to be saved.",
    guard: anyStaffGuard,
    params: PARAMS.extend({ file: z.string().refine((text): text is InboundFileId => isId("inf", text)) }),
    handle: async (_, request): Promise<Reply> => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      const file = found && (await readInboundFile(runtime.db, runtime.keys, found.id, request.params.file));
      if (!found || !file) return refused(recoveryRefusals["no-such-case"]());
      await transact(runtime.db, { now: request.now }, async (tx) => {
        const actor = { kind: "staff", id: request.actor.account.id } as const;
        const facts = { file: request.params.file };
        audit(tx, runtime.random, {
          act: "console/file-read",
          actor,
          accountId: found.accountId,
          caseId: found.id,
          facts,
        });
        return ok();
      });
      return {
        kind: "stream",
        stream: Readable.from([file.content]),
        length: file.content.length,
        type: "application/octet-stream",
        headers: {
          "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}`,
          "content-security-policy": "sandbox",
          "cache-control": "no-store",
        },
      };
    },
  }),
];
