// Identifiers that follow from what they name, so that a profile which is opened again replaces the one before.
import { createHash } from 'node:crypto';
import type { Onboarding } from './device.ts';

/** A UUID of version 5's form (RFC 9562 §5.5) for one part of a device's profile. */
export function uuidOf({ gateway, device }: Onboarding, part: string): string {
  const named = JSON.stringify([gateway.name, device.key.toLowerCase(), part]);
  const octets = createHash('sha1').update(namespace).update(named).digest().subarray(0, 16);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x50;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  const hex = octets.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join('-')
    .toUpperCase();
}

/** Of this program; drawn once. */
const namespace = Buffer.from('9b1c3e0f5a6d4f7c8e2b7d4a1f60c3b5', 'hex');
