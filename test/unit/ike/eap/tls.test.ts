import { beforeAll, describe, expect, test } from 'vitest';
import { fromText, toHex } from '../../../../src/base/bytes.ts';
import { eapMethod } from '../../../../src/ike/eap/index.ts';
import type { EapEnd, EapMethodRow } from '../../../../src/ike/eap/method.ts';
import { formatIdentity, parseIdentityPattern } from '../../../../src/policy/identity.ts';
import { WireError } from '../../../../src/wire/codec.ts';
import { EapOutside, ownOf } from '../../../lab/eap-outside.ts';
import { issue, type LabCertificate, makeCa } from '../../../lab/pki.ts';
import { converse } from './conversation.ts';
import { peerSetting, serverSetting } from './settings.ts';

const eapTls = eapMethod('eap-tls') as EapMethodRow;
let ca: LabCertificate;
let gateway: LabCertificate;
let phone: LabCertificate;
beforeAll(async () => {
  ca = await makeCa();
  gateway = await issue(ca, { san: ['vpn.example.org'], eku: ['serverAuth'] });
  phone = await issue(ca, { name: 'CN=phone', san: ['anna@example.org'] });
});

interface Change {
  readonly shown?: LabCertificate;
  readonly ofPeer?: LabCertificate | undefined;
  readonly links?: readonly LabCertificate[];
  readonly trusted?: readonly LabCertificate[];
  readonly serverId?: string;
}

function pair({
  shown = gateway,
  links = [],
  trusted = [ca],
  serverId = 'vpn.example.org',
  ...change
}: Change = {}) {
  const ofPeer = 'ofPeer' in change ? change.ofPeer : phone;
  const outside = new EapOutside(trusted, [shown, ...(ofPeer ? [ofPeer] : [])]);
  const { closeTls } = outside;
  const pattern = parseIdentityPattern(serverId);
  if (!pattern) throw new Error(serverId);
  const server = eapTls.server(serverSetting({ closeTls, certificate: ownOf(shown, ...links) }));
  const peer = eapTls.peer(
    peerSetting({
      closeTls,
      certificate: ofPeer && ownOf(ofPeer, ...links),
      serverId: pattern,
      password: undefined,
    }),
  );
  return { outside, server, peer };
}
const mskOf = (end: EapEnd | undefined) =>
  end?.kind === 'success' && end.outcome.msk ? toHex(end.outcome.msk.bytes) : undefined;
const identitiesOf = (end: EapEnd | undefined) =>
  end?.kind === 'success' ? end.outcome.identities.map(formatIdentity) : undefined;

describe('EAP-TLS', () => {
  test('ends with the same MSK of 64 bytes, and with the identities of both certificates', async () => {
    const { outside, server, peer } = pair();
    const ended = await converse(outside, server, peer);
    expect(mskOf(ended.server)).toMatch(/^[0-9a-f]{128}$/);
    expect(mskOf(ended.peer)).toBe(mskOf(ended.server));
    expect(identitiesOf(ended.server)).toEqual(['CN=phone', 'anna@example.org']);
    expect(identitiesOf(ended.peer)).toContain('vpn.example.org');
  });

  test('calls the peer by the name that it goes by, where its certificate proves it (pitfall 38)', async () => {
    for (const [name, first] of [
      ['anna@example.org', 'anna@example.org'],
      ['boss@example.org', 'CN=phone'],
    ] as const) {
      const { outside, peer } = pair();
      const { closeTls } = outside;
      const identity = fromText(name);
      const server = eapTls.server(
        serverSetting({ closeTls, certificate: ownOf(gateway), identity }),
      );
      const ended = await converse(outside, server, peer);
      expect(identitiesOf(ended.server)?.[0]).toBe(first);
      expect(identitiesOf(ended.server)).toHaveLength(2);
    }
  });

  test('gives its TLS connections back, whenever it is over', async () => {
    const { outside, server, peer } = pair();
    await converse(outside, server, peer, (data, at) => (at < 3 ? data : new Uint8Array(0))).catch(
      () => {},
    );
    expect(outside.sessions.size).toBe(2);
    server.wipe();
    peer.wipe();
    server.wipe();
    expect(outside.sessions.size).toBe(0);
  });

  test('carries long chains in fragments both ways', async () => {
    const links = await Promise.all(
      [1, 2, 3].map((n) => makeCa({ name: `CN=${'x'.repeat(900)}${n}` }, ca)),
    );
    const { outside, server, peer } = pair({ links });
    const ended = await converse(outside, server, peer);
    expect(ended.server?.kind).toBe('success');
    expect(mskOf(ended.peer)).toBe(mskOf(ended.server));
    expect(ended.packets.length).toBeGreaterThan(16);
    expect(Math.max(...ended.packets.map(({ length }) => length))).toBe(1015);
  });

  test('refuses a peer without a certificate', async () => {
    const { outside, server, peer } = pair({ ofPeer: undefined });
    expect((await converse(outside, server, peer)).server).toMatchObject({
      kind: 'failure',
      why: expect.stringContaining('no certificate'),
    });
  });

  test('refuses a peer of an authority that is not ours, and says nothing more to it', async () => {
    const stranger = await issue(await makeCa({ name: 'CN=Elsewhere' }), { name: 'CN=phone' });
    const { outside, server, peer } = pair({ ofPeer: stranger });
    const ended = await converse(outside, server, peer);
    expect(ended.server).toMatchObject({
      kind: 'failure',
      why: expect.stringContaining('no authority of ours'),
    });
    expect(ended.peer).toBeUndefined();
  });

  test('refuses a certificate that is not for clients', async () => {
    const { outside, server, peer } = pair({ ofPeer: gateway });
    expect((await converse(outside, server, peer)).server?.kind).toBe('failure');
  });

  test('as a peer shows nothing to a server of another authority', async () => {
    const { outside, server, peer } = pair({ trusted: [await makeCa({ name: 'CN=Other' })] });
    const ended = await converse(outside, server, peer);
    expect(ended.peer).toMatchObject({
      kind: 'failure',
      why: expect.stringContaining('no authority of ours'),
    });
    // start, ClientHello, the flight of the server: the certificate of the peer is in no packet.
    expect(ended.packets.length).toBeLessThanOrEqual(5);
  });

  test('as a peer shows nothing to a server with a good certificate for another name (attack 4)', async () => {
    const { outside, server, peer } = pair({ serverId: 'other.example.org' });
    const ended = await converse(outside, server, peer);
    expect(ended.peer).toMatchObject({
      kind: 'failure',
      why: expect.stringContaining('another name'),
    });
  });

  test('cannot begin without a certificate of ours, and says so', async () => {
    const server = eapTls.server(serverSetting());
    expect(await new EapOutside([], []).run(server.begin(1))).toMatchObject({
      kind: 'end',
      end: { kind: 'failure' },
    });
  });
});

describe('EAP-TLS, tampered with', () => {
  test('never succeeds when one byte of any packet is another', async () => {
    const { packets } = await (async () => {
      const { outside, server, peer } = pair();
      return converse(outside, server, peer);
    })();
    for (let at = 1; at < packets.length; at++) {
      const { outside, server, peer } = pair();
      const flip = (data: Uint8Array, now: number) =>
        now === at ? data.map((byte, i) => (i === data.length - 1 ? byte ^ 0x21 : byte)) : data;
      const ended = await converse(outside, server, peer, flip).catch((error: unknown) => {
        expect(error).toBeInstanceOf(WireError);
      });
      const both = ended?.server?.kind === 'success' && ended.peer?.kind === 'success';
      expect(both && mskOf(ended.server) === mskOf(ended.peer)).toBeFalsy();
    }
  });

  test('fails for every packet cut short anywhere', async () => {
    const reference = pair();
    const { packets } = await converse(reference.outside, reference.server, reference.peer);
    for (let at = 0; at < packets.length; at++) {
      // Signatures differ in length from one time to the other: what is cut off counts from either end.
      for (const cut of [0, 1, 2, 5, 6, 7, -1, -20]) {
        if (Math.abs(cut) >= (packets[at]?.length ?? 0)) continue;
        const { outside, server, peer } = pair();
        const shorten = (data: Uint8Array, now: number) => (now === at ? data.slice(0, cut) : data);
        const ended = await converse(outside, server, peer, shorten).catch((error: unknown) => {
          expect(error).toBeInstanceOf(WireError);
        });
        const both = ended?.server?.kind === 'success' && ended.peer?.kind === 'success';
        expect(both).toBeFalsy();
      }
    }
  });

  test('as a server does not take an empty answer for an end before the handshake is complete (pitfall 37)', async () => {
    const { outside, server } = pair();
    await outside.run(server.begin(1));
    expect(await outside.run(server.receive(Uint8Array.of(0), 2))).toMatchObject({
      kind: 'end',
      end: { kind: 'failure' },
    });
  });

  test('as a peer does not begin twice', async () => {
    const { outside, peer } = pair();
    await outside.run(peer.receive(Uint8Array.of(0x20), 1));
    expect(await outside.run(peer.receive(Uint8Array.of(0x20), 2))).toMatchObject({ kind: 'end' });
  });
});
