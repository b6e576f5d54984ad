// MODP groups (RFC 2409, RFC 3526) of node:crypto, whose powers take the same time for every exponent of a length.
import { createDiffieHellman } from 'node:crypto';
import { Secret } from '../../base/secret.ts';
import { diffieHellman } from '../exchange.ts';
import {
  checkValue,
  drawExponent,
  generator,
  type ModpGroup,
  modp1024,
  modp2048,
  modp3072,
  modp4096,
  padded,
} from '../modp.ts';
import type { KeyExchange } from '../primitives.ts';
import { modpByKeys } from './modp-keys.ts';

/** Whichever way is quick in this Node. */
const modp = Number(process.versions.node.split('.')[0]) < 22 ? modpByClass : modpByKeys;

/** OpenSSL knows the primes of RFC 3526 by heart, and tests this one each time a DiffieHellman is made: 50 ms on x86. */
export const nodeModp1024 = modpByKeys(modp1024);
export const nodeModp2048 = modp(modp2048);
export const nodeModp3072 = modp(modp3072);
export const nodeModp4096 = modp(modp4096);

/** By Node's own class for it, which forgets its exponent when it is told to. */
export function modpByClass(group: ModpGroup): KeyExchange {
  return diffieHellman({
    valueBytes: group.prime.length,
    generate(rng) {
      const exponent = new Secret(drawExponent(rng, group));
      const native = createDiffieHellman(group.prime, generator);
      native.setPrivateKey(exponent.bytes);
      native.generateKeys(); // with a private key set, that computes its public value
      return {
        value: padded(native.getPublicKey(), group),
        agree(theirs) {
          checkValue(theirs, group);
          return padded(native.computeSecret(theirs), group);
        },
        wipe() {
          exponent.wipe();
          native.setPrivateKey(one); // OpenSSL clears the number that this replaces
        },
      };
    },
  });
}

const one = Uint8Array.of(1);
