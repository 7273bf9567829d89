/* Components as functions that return HTML, by theme. None of them knows the domain. */
export * from "./content.ts";
export * from "./forms.ts";
export * from "./page.ts";
export * from "./passkey.ts";
export * from "./table.ts";
