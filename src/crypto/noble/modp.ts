// MODP groups (RFC 2409, RFC 3526) in BigInt arithmetic. BigInt is not constant-time: how long a power takes depends on its
// numbers, and the garbage collector may keep copies of them. An exponent serves one exchange only, which leaves an
// observer one measurement; where node:crypto has Diffie-Hellman, that serves instead.
import { pow } from '@noble/curves/abstract/modular.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
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
} from '../modp.ts';
import type { KeyExchange } from '../primitives.ts';

export const nobleModp1024 = modp(modp1024);
export const nobleModp2048 = modp(modp2048);
export const nobleModp3072 = modp(modp3072);
export const nobleModp4096 = modp(modp4096);

function modp(group: ModpGroup): KeyExchange {
  const valueBytes = group.prime.length;
  const prime = bytesToNumberBE(group.prime);
  const power = (base: bigint, exponent: Secret): Uint8Array =>
    numberToBytesBE(pow(base, bytesToNumberBE(exponent.bytes), prime), valueBytes);
  return diffieHellman({
    valueBytes,
    generate(rng) {
      const exponent = new Secret(drawExponent(rng, group));
      return {
        value: power(BigInt(generator), exponent),
        agree(theirs) {
          checkValue(theirs, group);
          return power(bytesToNumberBE(theirs), exponent);
        },
        wipe: () => exponent.wipe(),
      };
    },
  });
}
