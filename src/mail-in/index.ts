export { type Receiver, type ReceiverOptions, startReceiver } from "./receiver.ts";
export { mailInRefusals } from "./refusals.ts";
export { judgeSender } from "./sender.ts";
export { eraseInbound, listInbound, readInboundFile, sealedMailColumns } from "./store.ts";
export { type Intake, type Taken, takeMail } from "./take.ts";
export type { InboundFile, InboundMail, Verdicts } from "./types.ts";
export { type AskVerdicts, makeAskVerdicts } from "./verdicts.ts";
