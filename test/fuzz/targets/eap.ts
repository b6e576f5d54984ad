// EAP methods, both sides: an honest conversation in which some packets are changed, so that a fault sits behind every
// round and inside TLS; and packets that nobody would send.
import { decodeAvps } from '../../../src/ike/eap/avp.ts';
import { eapMethod } from '../../../src/ike/eap/index.ts';
import type { EapMethodRow } from '../../../src/ike/eap/method.ts';
import { decodeMsChap, readFailure, readSuccess } from '../../../src/ike/eap/mschapv2-packet.ts';
import { decodeEap } from '../../../src/ike/eap/packet.ts';
import { decodeResult } from '../../../src/ike/eap/peap-result.ts';
import { TlsFragments } from '../../../src/ike/eap/tls-fragments.ts';
import { eapAuths } from '../../../src/policy/policy.ts';
import { WireError } from '../../../src/wire/codec.ts';
import { EapOutside, ownOf } from '../../lab/eap-outside.ts';
import { issue, makeCa } from '../../lab/pki.ts';
import { converse } from '../../unit/ike/eap/conversation.ts';
import { peerSetting, serverSetting } from '../../unit/ike/eap/settings.ts';
import { Input, mayFail } from '../input.ts';
import type { Target } from '../target.ts';

const ca = await makeCa();
const gateway = await issue(ca, { san: ['vpn.example.org'], eku: ['serverAuth'] });
const anna = await issue(ca, { san: ['anna@example.org'], eku: ['clientAuth'] });
const methods = eapAuths.flatMap((name) => eapMethod(name) ?? []);

export const eap: Target = {
  run(data) {
    const input = new Input(data);
    const method = methods[input.u8() % (methods.length + 2)];
    return method ? talk(method, input) : parse(input.u8(), input.rest());
  },
  seeds: () => methods.map((_, i) => Uint8Array.of(i, 1, 255)),
  words: ['anna', 'clientPass', 'S=', 'E=691 R=1 C=', ' M='],
};

async function talk(row: EapMethodRow, input: Input): Promise<void> {
  const outside = new EapOutside([ca], [gateway, anna]);
  const { closeTls } = outside;
  const server = row.server(serverSetting({ closeTls, certificate: ownOf(gateway) }));
  const own = row.name === 'eap-tls' ? ownOf(anna) : undefined;
  const peer = row.peer(
    peerSetting({ closeTls, certificate: own, isServerProven: input.u8() > 0 }),
  );
  const changed = input.u8();
  try {
    await converse(outside, server, peer, (packet, at) =>
      at === changed % 16 ? bend(packet, input) : packet,
    );
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  } finally {
    server.wipe();
    peer.wipe();
  }
}

function bend(packet: Uint8Array, input: Input): Uint8Array {
  const bent = [...packet];
  for (let i = 1 + (input.u8() % 4); i > 0; i--) {
    const at = input.u16() % (bent.length + 1);
    const how = input.u8();
    if (how < 160) bent[at] = input.u8();
    else if (how < 200) bent.splice(at, how % 32);
    else bent.splice(at, 0, ...input.bytes(how % 32));
  }
  return Uint8Array.from(bent, (byte) => byte ?? 0);
}

function parse(what: number, bytes: Uint8Array): void {
  const readers = [
    () => decodeEap(bytes),
    () => decodeMsChap(bytes),
    () => decodeAvps(bytes),
    () => decodeResult(bytes),
    () => readFailure(bytes),
    () => readSuccess(bytes),
    () => reassemble(new Input(bytes)),
  ];
  mayFail([WireError], () => readers[what % readers.length]?.());
}

function reassemble(input: Input): void {
  const fragments = new TlsFragments();
  while (!input.isEmpty) fragments.receive(input.bytes(input.u8()));
}
