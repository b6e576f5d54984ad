// The life of a Diffie-Hellman exchange, the same in both engines: draw, offer or answer, agree once, wipe.
// The arithmetic of a group is the engine's.
import { invariant } from '../base/invariant.ts';
import { Secret } from '../base/secret.ts';
import { BadPublicValue, type KeyExchange, type Rng } from './primitives.ts';

/** A Diffie-Hellman group as an engine computes it. */
export interface Group {
  /** Length of a public value on the wire. */
  readonly valueBytes: number;
  /** Draws the private half; the bytes drawn become its property. */
  generate(rng: Rng): KeyPair;
}

/** Both halves of one side, for one exchange. */
export interface KeyPair {
  readonly value: Uint8Array;
  /**
   * Not called after `wipe`.
   * @param theirs `valueBytes` long
   * @throws BadPublicValue
   */
  agree(theirs: Uint8Array): Uint8Array;
  /** Forgets the private half. */
  wipe(): void;
}

/** Makes a key exchange of a group. The sides differ in nothing but who speaks first. */
export function diffieHellman(group: Group): KeyExchange {
  const { valueBytes } = group;
  return {
    offerBytes: valueBytes,
    answerBytes: valueBytes,
    offer(rng) {
      const own = group.generate(rng);
      let isSpent = false;
      const spend = (): void => {
        isSpent = true;
        own.wipe();
      };
      return {
        value: own.value,
        finish(answer) {
          invariant(!isSpent, 'a private half serves one exchange only');
          try {
            return agree(own, valueBytes, answer);
          } finally {
            spend();
          }
        },
        wipe: spend,
      };
    },
    answer(rng, offered) {
      // Before anything is computed: a stranger's wrong length must cost us nothing.
      checkLength(valueBytes, offered);
      const own = group.generate(rng);
      try {
        return { value: own.value, shared: agree(own, valueBytes, offered) };
      } finally {
        own.wipe();
      }
    },
  };
}

function agree(own: KeyPair, valueBytes: number, theirs: Uint8Array): Secret {
  checkLength(valueBytes, theirs);
  return new Secret(own.agree(theirs));
}

/** @throws BadPublicValue */
export function checkLength(valueBytes: number, theirs: Uint8Array): void {
  if (theirs.length === valueBytes) return;
  throw new BadPublicValue(`a public value has ${valueBytes} bytes, not ${theirs.length}`);
}
