// MODP groups of node:crypto by way of key objects. OpenSSL tests the prime for being one whenever Node ≥ 22 makes a
// DiffieHellman: 0.3 s for 2048 bits and 4.6 s for 4096 on a fast machine, where a key object takes 1 ms.
import { createPrivateKey, createPublicKey, diffieHellman as derive } from 'node:crypto';
import { concat } from '../../base/bytes.ts';
import { diffieHellman } from '../exchange.ts';
import { checkValue, drawExponent, generator, type ModpGroup, padded } from '../modp.ts';
import { BadPublicValue, type KeyExchange } from '../primitives.ts';

/** The same exchange as by a DiffieHellman. A key object wipes what it holds when it is collected, not earlier. */
export function modpByKeys(group: ModpGroup): KeyExchange {
  const parameters = der(SEQUENCE, integer(group.prime), integer(Uint8Array.of(generator)));
  const algorithm = der(SEQUENCE, dhKeyAgreement, parameters);
  return diffieHellman({
    valueBytes: group.prime.length,
    generate(rng) {
      const exponent = drawExponent(rng, group);
      const encoded = privateKeyInfo(algorithm, exponent);
      exponent.fill(0);
      const own = createPrivateKey({
        key: Buffer.from(encoded.buffer),
        format: 'der',
        type: 'pkcs8',
      });
      encoded.fill(0);
      const raise = (value: Uint8Array): Uint8Array => {
        const bits = der(BIT_STRING, Uint8Array.of(0), integer(value));
        const key = Buffer.from(der(SEQUENCE, algorithm, bits));
        const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
        return padded(derive({ privateKey: own, publicKey }), group);
      };
      return {
        value: raise(Uint8Array.of(generator)),
        agree(theirs) {
          checkValue(theirs, group);
          try {
            return raise(theirs);
          } catch {
            // The exponent is right by now; what is left is a number outside the subgroup of the generator, which
            // OpenSSL refuses in groups that it knows, and which RFC 6989 §2.1 does not demand to find.
            throw new BadPublicValue('OpenSSL takes no such MODP value');
          }
        },
        wipe() {},
      };
    },
  });
}

/** RFC 5208 §5; the exponent's own copies are gone again when this returns. */
function privateKeyInfo(algorithm: Uint8Array, exponent: Uint8Array): Uint8Array {
  const number = integer(exponent);
  const string = der(OCTET_STRING, number);
  const info = der(SEQUENCE, integer(Uint8Array.of(0)), algorithm, string);
  number.fill(0);
  string.fill(0);
  return info;
}

/** An unsigned number (X.690 §8.3): without leading zeros, but for one that keeps it positive. */
function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const number = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return (number[0] ?? 0) & 0x80 ? der(INTEGER, Uint8Array.of(0), number) : der(INTEGER, number);
}

function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.from(head), ...content);
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
/** PKCS #3: 1.2.840.113549.1.3.1. */
const dhKeyAgreement = Uint8Array.from([6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 3, 1]);
