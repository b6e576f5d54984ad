import { beforeAll, describe, expect, test } from 'vitest';
import { fromText, toHex } from '../../../src/base/bytes.ts';
import type { Duration } from '../../../src/base/time.ts';
import type { TlsOpening, TlsProgress, TlsRef } from '../../../src/ike/core.ts';
import { TlsSessions } from '../../../src/tls/sessions.ts';
import { issue, type LabCertificate, type LabKey, makeCa } from '../../lab/pki.ts';

const none = new Uint8Array(0);
let ca: LabCertificate;
let server: LabCertificate;
let client: LabCertificate;
beforeAll(async () => {
  ca = await makeCa();
  server = await issue(ca, { san: ['vpn.example.org'], eku: ['serverAuth'] });
  client = await issue(ca, { name: 'CN=anna' });
});

/** Sessions whose clock stands still until `expire`. */
function room() {
  const timers = new Set<() => void>();
  const sessions = new TlsSessions((_delay: Duration, run) => {
    timers.add(run);
    return () => timers.delete(run);
  });
  const keys: Uint8Array[] = [];
  const open = (opening: TlsOpening, certificate: LabCertificate | undefined): TlsRef => {
    const opened = sessions.open(opening, () => {
      const key = certificate && fromPem(certificate);
      if (key) keys.push(key);
      return key;
    });
    if (!opened) throw new Error('no session');
    return opened.tls;
  };
  const expire = () => {
    for (const run of [...timers]) run();
  };
  return { sessions, open, keys, timers, expire };
}
const fromPem = ({ keyPem }: LabCertificate): Uint8Array => Buffer.from(keyPem);
const own = (...chain: readonly LabCertificate[]) => ({
  keyId: 'own',
  chain: chain.map(({ der }) => der),
});

/** Both ends in one room, until neither has records left. */
async function handshake(
  at: ReturnType<typeof room>,
  shown: LabCertificate[],
  asked: LabCertificate[],
) {
  const s = at.open(
    { role: 'server', own: own(...shown), wantsCertificate: true, source: '198.51.100.7' },
    shown[0],
  );
  const c = at.open({ role: 'client', own: asked[0] && own(...asked) }, asked[0]);
  let ofClient = await at.sessions.step(c, none, none);
  let ofServer: TlsProgress = ofClient;
  for (let round = 0; round < 6; round++) {
    ofServer = await at.sessions.step(s, ofClient.records, none);
    ofClient = await at.sessions.step(c, ofServer.records, none);
    if (ofClient.records.length === 0) break;
  }
  return { s, c, ofServer, ofClient };
}

describe('two ends', () => {
  test('come to the same keys, and see the certificates of each other', async () => {
    const at = room();
    const { s, c, ofServer, ofClient } = await handshake(at, [server, ca], [client, ca]);
    expect(ofServer).toMatchObject({ ok: true, established: '1.3', chain: [client.der, ca.der] });
    expect(ofClient).toMatchObject({ ok: true, established: '1.3', chain: [server.der, ca.der] });
    const wanted = {
      label: 'EXPORTER_EAP_TLS_Key_Material',
      context: Uint8Array.of(13),
      length: 64,
    };
    const key = at.sessions.export(s, wanted);
    expect(key?.length).toBe(64);
    expect(at.sessions.export(c, wanted)).toEqual(key);
    expect(at.sessions.export(c, { ...wanted, context: Uint8Array.of(25) })).not.toEqual(key);
  });

  test.each(['rsa2048', 'p384', 'ed25519'] as readonly LabKey[])(
    'shake hands with a key of type %s',
    async (key) => {
      const certificate = await issue(ca, { key, eku: ['serverAuth'] });
      const { ofClient } = await handshake(room(), [certificate], [client]);
      expect(ofClient).toMatchObject({ ok: true, established: '1.3', chain: [certificate.der] });
    },
  );

  test('carry a chain that fills several records', async () => {
    const chain = await Promise.all(
      Array.from({ length: 8 }, (_, i) => makeCa({ name: `CN=${'x'.repeat(1500)}${i}` }, ca)),
    );
    const { ofServer, ofClient } = await handshake(room(), [server, ca], [client, ...chain]);
    expect(ofServer).toMatchObject({ ok: true, established: '1.3' });
    expect(ofClient).toMatchObject({ ok: true, established: '1.3' });
  });

  test('talk under protection once the handshake is complete, and not before', async () => {
    const at = room();
    const { s, c } = await handshake(at, [server], []);
    const said = await at.sessions.step(s, none, fromText('who are you'));
    expect(said.ok && said.records.length).toBeGreaterThan(11);
    expect(toHex(said.records)).not.toContain(toHex(fromText('who')));
    const heard = await at.sessions.step(c, said.records, fromText('anna'));
    expect(heard).toMatchObject({ ok: true, data: fromText('who are you') });
    const answer = await at.sessions.step(s, heard.records, none);
    expect(answer).toMatchObject({ ok: true, data: fromText('anna') });
    const early = at.open({ role: 'client', own: undefined }, undefined);
    expect(await at.sessions.step(early, none, fromText('secret'))).toMatchObject({ ok: false });
  });

  test('have no keys before the handshake is complete', async () => {
    const at = room();
    const c = at.open({ role: 'client', own: undefined }, undefined);
    await at.sessions.step(c, none, none);
    expect(at.sessions.export(c, { label: 'x', context: undefined, length: 64 })).toBeUndefined();
  });

  test('wipe the private key that was lent to them', async () => {
    const at = room();
    await handshake(at, [server], [client]);
    expect(at.keys).toHaveLength(2);
    for (const key of at.keys) expect(key.every((byte) => byte === 0)).toBe(true);
  });
});

describe('a peer that does not speak TLS', () => {
  test.each([
    ['text', fromText('GET / HTTP/1.1\r\n\r\n')],
    ['an alert', Uint8Array.of(21, 3, 3, 0, 2, 2, 40)],
    ['TLS 1.1', clientHelloOf(0x0302)],
    ['zeros', new Uint8Array(64)],
  ])('fails with %s, and hears an alert at most', async (_, bytes) => {
    const at = room();
    const s = at.open(
      { role: 'server', own: own(server), wantsCertificate: true, source: '198.51.100.7' },
      server,
    );
    const progress = await at.sessions.step(s, bytes, none);
    expect(progress).toMatchObject({ ok: false, why: expect.stringMatching(/^TLS: /) });
    expect([0, 7]).toContain(progress.records.length);
    expect(await at.sessions.step(s, bytes, none)).toMatchObject({ ok: false });
  });

  test('may send 64 KiB and no more', async () => {
    const at = room();
    const c = at.open({ role: 'client', own: undefined }, undefined);
    const { records } = await at.sessions.step(c, none, none);
    const s = at.open(
      { role: 'server', own: own(server), wantsCertificate: false, source: '198.51.100.7' },
      server,
    );
    await at.sessions.step(s, records, none);
    // Warnings and empty records go on for as long as one lets them.
    const flood = new Uint8Array(65_536);
    expect(await at.sessions.step(s, flood, none)).toMatchObject({
      ok: false,
      why: expect.stringContaining('too much'),
    });
  });
});

describe('the room', () => {
  test('holds 64 connections, and closes the oldest for one more: silence keeps nobody out (class 16)', async () => {
    const at = room();
    const client = { role: 'client', own: undefined } as const;
    const opened = Array.from({ length: 64 }, () => at.open(client, undefined));
    opened.push(at.open(client, undefined));
    expect([at.sessions.size, at.timers.size]).toEqual([64, 64]);
    const [first, second, last] = [opened[0], opened[1], opened[64]].map((one) =>
      at.sessions.step(one as TlsRef, none, none),
    );
    expect(await first).toMatchObject({ ok: false, why: expect.stringContaining('its place') });
    expect(await second).toMatchObject({ ok: true });
    expect(await last).toMatchObject({ ok: true });
  });

  // The oldest went, whoever began on and on: who took a second for his login from elsewhere lost his TLS in the middle.
  test('closes one of the source that has most, and not that of a neighbour who takes his time', async () => {
    const at = room();
    const server = await issue(ca, { san: ['vpn.example.org'] });
    const from = (source: string) =>
      at.open({ role: 'server', own: own(server), wantsCertificate: false, source }, server);
    const honest = from('192.0.2.1');
    const flood = Array.from({ length: 100 }, (_, i) => from(`198.51.100.${i % 8}`));
    expect(at.sessions.size).toBe(64);
    expect(await at.sessions.step(honest, none, none)).toMatchObject({ ok: true });
    expect(await at.sessions.step(flood[0] as TlsRef, none, none)).toMatchObject({ ok: false });
  });

  test('closes what takes too long, whatever it waits for', async () => {
    const at = room();
    const c = at.open({ role: 'client', own: undefined }, undefined);
    at.expire();
    expect(at.sessions.size).toBe(0);
    expect(await at.sessions.step(c, none, none)).toMatchObject({ ok: false });
  });

  test('forgets its timer with the connection, and closes twice without harm', () => {
    const at = room();
    const c = at.open({ role: 'client', own: undefined }, undefined);
    at.sessions.close(c);
    at.sessions.close(c);
    expect(at.timers.size).toBe(0);
  });

  test('opens nothing without the key', () => {
    const at = room();
    const opening = {
      role: 'server',
      own: own(server),
      wantsCertificate: false,
      source: '198.51.100.7',
    } as const;
    expect(at.sessions.open(opening, () => undefined)).toBeUndefined();
    expect(at.sessions.size).toBe(0);
  });
});

/** A ClientHello that offers one old version and nothing else. */
function clientHelloOf(version: number): Uint8Array {
  const hello = Buffer.alloc(2 + 32 + 1 + 4 + 2);
  hello.writeUInt16BE(version, 0);
  hello.writeUInt16BE(2, 35);
  hello.writeUInt16BE(0xc013, 37);
  hello.writeUInt8(1, 39);
  const handshake = Buffer.concat([Buffer.of(1, 0, 0, hello.length), hello]);
  return Buffer.concat([Buffer.of(22, 3, 1, 0, handshake.length), handshake]);
}
