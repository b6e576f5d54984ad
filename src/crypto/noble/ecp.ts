// ECP groups (RFC 5903) of @noble/curves.
import { p256, p384 } from '@noble/curves/nist.js';
import { Secret } from '../../base/secret.ts';
import { drawScalar, type EcpGroup, ecp256, ecp384, toUncompressed } from '../ecp.ts';
import { diffieHellman } from '../exchange.ts';
import { BadPublicValue, type KeyExchange } from '../primitives.ts';

export const nobleP256 = ecp(p256, ecp256);
export const nobleP384 = ecp(p384, ecp384);

function ecp(curve: typeof p256, group: EcpGroup): KeyExchange {
  return diffieHellman({
    valueBytes: 2 * group.fieldBytes,
    generate(rng) {
      const scalar = new Secret(drawScalar(rng, group));
      return {
        value: curve.getPublicKey(scalar.bytes, false).subarray(1),
        agree(theirs) {
          const point = toUncompressed(theirs);
          if (!curve.utils.isValidPublicKey(point, false)) {
            throw new BadPublicValue('the point is not on the curve');
          }
          // Compressed, a point is its sign and then x, which alone is the shared secret (RFC 5903 §7).
          return curve.getSharedSecret(scalar.bytes, point, true).slice(1);
        },
        wipe: () => scalar.wipe(),
      };
    },
  });
}
