import ipaddr from "ipaddr.js";
import { addressProblem } from "../../../kernel/net/addresses.ts";

/**
 * The network an address is in, as far as an address alone can tell: the first 24 bits of IPv4, the first 48 of IPv6, which
 * is what providers route and mostly give to one site. Null for what is no public address: behind a proxy that is set up
 * wrongly everybody comes from the same private one, and that must count for nobody. Pure.
 */
export function networkOf(ip: string): string | null {
  if (!ipaddr.isValid(ip)) return null;
  const address = ipaddr.process(ip);
  if (addressProblem(address.toString()) !== null) return null;
  const bytes = address.toByteArray().slice(0, address.kind() === "ipv4" ? 3 : 6);
  return `${address.kind()} ${bytes.join(".")}`;
}
