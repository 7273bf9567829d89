export * from "./components.ts";
export { barPlot } from "./plot.ts";
export { icon, type IconName, keyhole, qrCode } from "./icon.ts";
export { attr, type Attribute, type Content, document, html, type Html, isHtml, type Value } from "./template.ts";
export { bigDate, dayInWords, durationInWords, relativeInWords, time } from "./time.ts";
