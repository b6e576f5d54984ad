// ML-KEM (FIPS 203, in IKEv2 by draft-ietf-ipsecme-ikev2-mlkem) of @noble/post-quantum. The initiator's value is an
// encapsulation key, the responder's a ciphertext; a ciphertext that was changed on its way gives another secret, not
// an error (§6.3), so it shows when the first message under those keys does not open.
import { ml_kem512, ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { invariant } from '../../base/invariant.ts';
import { Secret } from '../../base/secret.ts';
import { checkLength } from '../exchange.ts';
import { BadPublicValue, type KeyExchange } from '../primitives.ts';

/** The parameter set as noble computes it, and the sizes of FIPS 203 table 3. */
interface ParameterSet {
  readonly kem: typeof ml_kem768;
  readonly keyBytes: number;
  readonly ciphertextBytes: number;
}

function mlKem({ kem, keyBytes, ciphertextBytes }: ParameterSet): KeyExchange {
  return {
    offerBytes: keyBytes,
    answerBytes: ciphertextBytes,
    offer(rng) {
      const seed = new Secret(rng(seedBytes));
      const { publicKey, secretKey } = kem.keygen(seed.bytes);
      seed.wipe();
      const own = new Secret(secretKey);
      let isSpent = false;
      const spend = (): void => {
        isSpent = true;
        own.wipe();
      };
      return {
        value: publicKey,
        finish(answer) {
          invariant(!isSpent, 'a private half serves one exchange only');
          try {
            checkLength(ciphertextBytes, answer);
            return new Secret(kem.decapsulate(answer, own.bytes));
          } finally {
            spend();
          }
        },
        wipe: spend,
      };
    },
    answer(rng, offered) {
      // Before anything is computed: a stranger's wrong length must cost us nothing.
      checkLength(keyBytes, offered);
      const message = new Secret(rng(messageBytes));
      try {
        const { cipherText, sharedSecret } = kem.encapsulate(offered, message.bytes);
        const shared = new Secret(sharedSecret.slice());
        sharedSecret.fill(0);
        return { value: cipherText, shared };
      } catch {
        // The length is right by now; what is left is the modulus check (§7.2).
        throw new BadPublicValue('the ML-KEM key has a coefficient that is not reduced');
      } finally {
        message.wipe();
      }
    },
  };
}

/** d and z of key generation, m of encapsulation (FIPS 203 §7.1, §7.2). */
const seedBytes = 64;
const messageBytes = 32;

export const nobleMlKem512 = mlKem({ kem: ml_kem512, keyBytes: 800, ciphertextBytes: 768 });
export const nobleMlKem768 = mlKem({ kem: ml_kem768, keyBytes: 1184, ciphertextBytes: 1088 });
export const nobleMlKem1024 = mlKem({ kem: ml_kem1024, keyBytes: 1568, ciphertextBytes: 1568 });
