// What other implementations sent, decoded and encoded again to the same bytes. A sender that filled reserved
// fields or sent unknown selector types could not be reproduced; none of these did.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fromHex, Reader, toHex } from '../../../src/base/bytes.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { decodeEsp, encodeEsp } from '../../../src/wire/esp.ts';
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
} from '../../../src/wire/message.ts';
import { find, type Payload } from '../../../src/wire/payloads/index.ts';
import { checkRules } from '../../../src/wire/rules.ts';
import vectors from '../../vectors/wire/messages.json' with { type: 'json' };
import { readPcap } from './pcap.ts';

const { SA, KE, IDI, CERT, AUTH, TSI, CP, EAP, DELETE, SKF } = PayloadType;

describe('a recorded message', () => {
  test.each(vectors.messages)('decodes and encodes byte for byte: $name', ({ hex }) => {
    expect(reencoded(fromHex(hex))).toBe(hex);
  });

  test('says what its sender meant', () => {
    const init = messageOf('IKE_SA_INIT request');
    expect(find(init, SA)?.proposals).toEqual([
      {
        number: 1,
        protocol: 1,
        spi: new Uint8Array(0),
        transforms: [
          { type: 1, id: 20, keyBits: 128, isKnown: true },
          { type: 2, id: 5, keyBits: undefined, isKnown: true },
          { type: 4, id: 31, keyBits: undefined, isKnown: true },
        ],
      },
    ]);
    expect(find(init, KE)).toMatchObject({ method: 31, data: { length: 32 } });

    const retry = messageOf('IKE_SA_INIT response that asks for another group');
    const { type, data } = retry[0]?.type === PayloadType.NOTIFY ? retry[0].body : {};
    expect(type).toBe(Notification.INVALID_KE_PAYLOAD);
    expect(data).toHaveLength(2);

    const fragment = messageOf('IKE_AUTH request, second fragment in SKF');
    expect(find(fragment, SKF)).toMatchObject({ first: 0, number: 2, total: 2 });
  });
});

describe('a recorded inner chain', () => {
  test.each(vectors.chains)('decodes and encodes byte for byte: $name', ({ first, hex }) => {
    const chain = decodePayloads(first, new Reader(fromHex(hex)));
    expect(encodePayloads(chain)).toEqual({ first, bytes: fromHex(hex) });
  });

  test.each(vectors.chains)('is as the rules want it: $name', (vector) => {
    const sealed = decodePayloads(vector.first, new Reader(fromHex(vector.hex)));
    expect(() =>
      checkRules(vector.exchange, vector.isResponse, { clear: [], sealed }),
    ).not.toThrow();
  });

  test('says what its sender meant', () => {
    const cert = chainOf('IKE_AUTH request, ECDSA certificate');
    expect(find(cert, IDI)?.type).toBe(2);
    expect(find(cert, CERT)?.encoding).toBe(4);
    expect(find(cert, AUTH)?.method).toBe(14);

    const eap = chainOf('first IKE_AUTH request of EAP, with CP');
    expect(find(eap, CP)?.attributes[0]).toMatchObject({ type: 1, value: { length: 0 } });
    expect(find(chainOf('first IKE_AUTH response of EAP'), EAP)?.data[0]).toBe(1);

    const psk = chainOf('IKE_AUTH request, PSK');
    expect(find(psk, TSI)?.selectors).toEqual([
      {
        type: 7,
        protocol: 0,
        startPort: 0,
        endPort: 65535,
        start: Uint8Array.of(10, 2, 0, 0),
        end: Uint8Array.of(10, 2, 0, 255),
      },
    ]);
    const gone = find(chainOf('INFORMATIONAL request, DELETE of a CHILD_SA'), DELETE);
    expect(gone).toMatchObject({ protocol: 3, spis: [{ length: 4 }] });
  });
});

const captures = join(import.meta.dirname, '../../../../shared/vectors/captures');
const names = existsSync(captures) ? readdirSync(captures) : [];

const whySkipped = names.length > 0 ? '' : ' (skipped: no captures beside the project)';

describe.skipIf(names.length === 0)(`a capture${whySkipped}`, () => {
  test.each(names.length > 0 ? names : ['none'])(
    'decodes and encodes byte for byte: %s',
    (name) => {
      const packets = readPcap(readFileSync(join(captures, name, 'wire.pcap')));
      expect(packets.filter(({ kind }) => kind === 'ike').length).toBeGreaterThan(3);
      for (const { kind, frame, bytes } of packets) {
        const again = kind === 'ike' ? reencoded(bytes) : toHex(encodeEsp(decodeEsp(bytes)));
        expect(`${frame} ${again}`).toBe(`${frame} ${toHex(bytes)}`);
      }
    },
  );
});

function reencoded(bytes: Uint8Array): string {
  const { header, payloads } = decodeMessage(bytes);
  const { nextPayload, length, ...fields } = header;
  return toHex(encodeMessage(fields, payloads));
}

function messageOf(name: string): readonly Payload[] {
  const vector = vectors.messages.find((message) => message.name === name);
  return decodeMessage(fromHex(vector?.hex ?? '')).payloads;
}

function chainOf(name: string): readonly Payload[] {
  const vector = vectors.chains.find((chain) => chain.name === name);
  return decodePayloads(vector?.first ?? 0, new Reader(fromHex(vector?.hex ?? '')));
}
