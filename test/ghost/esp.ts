// ESP as a client carries it (RFC 4303, RFC 4106, RFC 3602): one direction, one packet at a time.
import { concat, equal } from '../../src/base/bytes.ts';
import type { Rng } from '../../src/crypto/primitives.ts';
import {
  decodeEsp,
  decodeEspPayload,
  encodeEsp,
  encodeEspPayload,
  NextHeader,
} from '../../src/wire/esp.ts';
import type { ChildKeys } from './keys.ts';
import { cipherOf, type EncrAlgorithm, type IntegAlgorithm } from './suite.ts';

export interface EspKeys {
  readonly spi: number;
  readonly encr: EncrAlgorithm;
  readonly integ: IntegAlgorithm | undefined;
  readonly keys: ChildKeys;
}

/** Seals; counts from 1, and the IV of a counter mode is the count. */
export class EspSender {
  readonly #esp: EspKeys;
  readonly #rng: Rng;
  #sequence = 0;

  constructor(esp: EspKeys, rng: Rng) {
    this.#esp = esp;
    this.#rng = rng;
  }

  seal(inner: Uint8Array): Uint8Array {
    const { spi, encr, integ, keys } = this.#esp;
    const sequence = ++this.#sequence;
    const nextHeader = (inner[0] ?? 0) >> 4 === 6 ? NextHeader.IPV6 : NextHeader.IPV4;
    const plain = encodeEspPayload({ nextHeader, inner }, encr.blockBytes);
    if (encr.engine === 'aesCbc') {
      const iv = this.#rng(encr.ivBytes);
      const content = concat(iv, cipherOf(encr.engine).encrypt(keys.encryption, iv, plain));
      const packet = encodeEsp({ spi, sequence, sealed: content });
      return concat(packet, integ ? icv(integ, keys, packet) : new Uint8Array(0));
    }
    const iv = counter(sequence, encr.ivBytes);
    const head = encodeEsp({ spi, sequence, sealed: new Uint8Array(0) });
    const { key, nonce } = nonceOf(encr, keys, iv);
    return concat(head, iv, cipherOf(encr.engine).seal(key, nonce, head, plain));
  }
}

/** Opens; what came before, or is not authentic, is undefined. */
export class EspReceiver {
  readonly #esp: EspKeys;
  readonly #seen = new Set<number>();

  constructor(esp: EspKeys) {
    this.#esp = esp;
  }

  open(packet: Uint8Array): Uint8Array | undefined {
    const { sequence, sealed } = decodeEsp(packet);
    if (this.#seen.has(sequence)) return undefined;
    const plain = this.#decrypt(packet, sealed);
    if (!plain) return undefined;
    this.#seen.add(sequence);
    return decodeEspPayload(plain).inner;
  }

  #decrypt(packet: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const { encr, integ, keys } = this.#esp;
    const iv = sealed.subarray(0, encr.ivBytes);
    if (encr.engine === 'aesCbc') {
      const icvBytes = integ?.icvBytes ?? 0;
      const end = packet.length - icvBytes;
      const fits = integ && equal(icv(integ, keys, packet.subarray(0, end)), packet.subarray(end));
      const content = sealed.subarray(encr.ivBytes, sealed.length - icvBytes);
      return fits ? cipherOf(encr.engine).decrypt(keys.encryption, iv, content) : undefined;
    }
    const { key, nonce } = nonceOf(encr, keys, iv);
    const content = sealed.subarray(encr.ivBytes);
    return cipherOf(encr.engine).open(key, nonce, packet.subarray(0, 8), content);
  }
}

const icv = ({ mac, icvBytes }: IntegAlgorithm, { integrity }: ChildKeys, packet: Uint8Array) =>
  mac.compute(integrity, packet).slice(0, icvBytes);

function nonceOf({ saltBytes }: EncrAlgorithm, { encryption }: ChildKeys, iv: Uint8Array) {
  const at = encryption.length - saltBytes;
  return { key: encryption.subarray(0, at), nonce: concat(encryption.subarray(at), iv) };
}

function counter(value: number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  new DataView(out.buffer).setUint32(bytes - 4, value);
  return out;
}
