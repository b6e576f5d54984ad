// Traffic selectors as policy sees them (RFC 7296 §3.13.1): an address range, a protocol, a port range.
import { formatRange, type IpRange } from '../base/ip.ts';

export interface Selector {
  readonly range: IpRange;
  /** IP protocol number; 0: any. */
  readonly protocol: number;
  /** 0–65535: any. For ICMP type and code, as RFC 7296 §3.13.1 packs them. */
  readonly ports: { readonly start: number; readonly end: number };
}
/** `dynamic`: the addresses assigned by the configuration payload, else the peer's own. */
export type SelectorPolicy = readonly Selector[] | 'dynamic';

export const anyPort = { start: 0, end: 65535 } as const;

export const everything = (range: IpRange): Selector => ({ range, protocol: 0, ports: anyPort });

export function formatSelector({ range, protocol, ports }: Selector): string {
  const hasAnyPort = ports.start === 0 && ports.end === 65535;
  if (protocol === 0 && hasAnyPort) return formatRange(range);
  const portText = ports.start === ports.end ? `${ports.start}` : `${ports.start}-${ports.end}`;
  return `${formatRange(range)}[${protocol}${hasAnyPort ? '' : `/${portText}`}]`;
}
