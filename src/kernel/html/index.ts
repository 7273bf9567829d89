export * from "./components.ts";
export * from "./forms.ts";
export { icon, type IconName } from "./icon.ts";
export { keyhole, qrCode } from "./pictures.ts";
export { Attribute, attr, document, escapeHtml, html, Html, type Value } from "./template.ts";
export { distanceInWords, exactInWords, time } from "./time.ts";
