// X25519 (RFC 7748, in IKEv2 by RFC 8031) of @noble/curves.
import { x25519 } from '@noble/curves/ed25519.js';
import { Secret } from '../../base/secret.ts';
import { diffieHellman } from '../exchange.ts';
import { BadPublicValue } from '../primitives.ts';

export const nobleX25519 = diffieHellman({
  valueBytes: 32,
  generate(rng) {
    const scalar = new Secret(rng(32));
    return {
      value: x25519.getPublicKey(scalar.bytes),
      agree(theirs) {
        try {
          return x25519.getSharedSecret(scalar.bytes, theirs);
        } catch {
          // Lengths are right by now; what is left is a point of small order (RFC 7748 §6.1, RFC 8031 §5).
          throw new BadPublicValue('the X25519 value has small order');
        }
      },
      wipe: () => scalar.wipe(),
    };
  },
});
