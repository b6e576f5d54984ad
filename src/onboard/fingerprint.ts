// What a profile was made of, in a short text that the device's record keeps: who compares it with the gateway of today
// knows which profiles are stale, and why.
import { createHash } from 'node:crypto';
import { formatPrefix } from '../base/ip.ts';
import { withoutAdditional } from '../transforms/additional-ke.ts';
import { formatProposal } from '../transforms/parse.ts';
import type { Device, Gateway } from './device.ts';

/** `mobileconfig 1a2b3c4d.…`: the format, and a hash for each thing that may change. */
export function fingerprint(format: string, gateway: Gateway, device: Device): string {
  return `${format} ${Object.values(partsOf(gateway, device)).map(short).join('.')}`;
}

/** The format that a record says was given out last. */
export const formatIn = (record: string): string => record.split(' ', 1)[0] ?? '';

/** What changed since; empty: the profile is as it would be made today. */
export function staleIn(record: string, gateway: Gateway, device: Device): readonly string[] {
  const before = record.split(' ', 2)[1]?.split('.') ?? [];
  return Object.entries(partsOf(gateway, device)).flatMap(([part, value], i) =>
    before[i] === short(value) ? [] : [part],
  );
}

/** The names are for the owner. */
function partsOf(gateway: Gateway, device: Device): Readonly<Record<string, string>> {
  const { name, authority, ike, esp, dns, domains, networks, mtu, wifi } = gateway;
  const { routing, isOnDemand } = device;
  const nets = routing === 'home' ? networks.map(formatPrefix) : [];
  const places = isOnDemand ? wifi : [];
  return {
    'name of the gateway': name,
    'home CA': authority?.pem ?? '',
    algorithms: JSON.stringify(
      [ike, esp].map((list) => withoutAdditional(list).map(formatProposal)),
    ),
    'networks and names': JSON.stringify([dns, domains, nets, mtu, places]),
    device: JSON.stringify([device.name, routing, isOnDemand]),
  };
}

const short = (value: string): string =>
  createHash('sha256').update(value).digest('hex').slice(0, 8);
