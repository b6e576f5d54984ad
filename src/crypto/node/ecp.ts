// ECP groups (RFC 5903) of node:crypto. OpenSSL keeps a copy of the private key, which it clears when the garbage
// collector frees it: replacing it sooner would cost a second multiplication.
import { createECDH } from 'node:crypto';
import { Secret } from '../../base/secret.ts';
import { drawScalar, type EcpGroup, ecp256, ecp384, toUncompressed } from '../ecp.ts';
import { diffieHellman } from '../exchange.ts';
import { BadPublicValue, type KeyExchange } from '../primitives.ts';
import { plain } from './plain.ts';

export const nodeP256 = ecp('prime256v1', ecp256);
export const nodeP384 = ecp('secp384r1', ecp384);

function ecp(curve: string, group: EcpGroup): KeyExchange {
  return diffieHellman({
    valueBytes: 2 * group.fieldBytes,
    generate(rng) {
      const scalar = new Secret(drawScalar(rng, group));
      const native = createECDH(curve);
      native.setPrivateKey(scalar.bytes);
      return {
        value: plain(native.getPublicKey()).subarray(1),
        agree(theirs) {
          try {
            return plain(native.computeSecret(toUncompressed(theirs))); // x alone (RFC 5903 §7)
          } catch {
            // The private key is right by now; what is left is a point off the curve (RFC 6989 §2.3).
            throw new BadPublicValue('the point is not on the curve');
          }
        },
        wipe: () => scalar.wipe(),
      };
    },
  });
}
