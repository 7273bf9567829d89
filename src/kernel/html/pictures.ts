import { escapeHtml, type Html, trustedSvg } from "./template.ts";

/** The mark of Locksmith: a keyhole. */
export const keyhole: Html = trustedSvg(
  '<svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false"><rect x="2" y="2" width="28" height="28" rx="8" fill="currentColor"/><path d="M16 8.5a4.5 4.5 0 0 0-2.2 8.4L12.4 24h7.2l-1.4-7.1A4.5 4.5 0 0 0 16 8.5z" class="mark-hole"/></svg>',
);

/**
 * A QR code as one picture with an alternative text. Dark on light in every theme, since cameras want it so.
 * @param modules rows of dark (true) and light modules, quiet zone included
 */
export function qrCode(modules: readonly (readonly boolean[])[], label: string): Html {
  const size = modules.length;
  const path = modules
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return trustedSvg(
    `<svg class="qr" viewBox="0 0 ${size} ${size}" width="240" height="240" role="img" aria-label="${escapeHtml(label)}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`,
  );
}
