// A foreign reader as judge: with the keys that `option keylog` writes, Wireshark's tshark opens every IKE_AUTH
// and every ESP packet of a recorded connection, and finds each ICV good.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Capture, type Dissection, dissect } from '../lab/capture.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const suites = {
  gcm: { ike: 'aes128gcm16-prfsha256-x25519', esp: 'aes128gcm16' },
  gcm256: { ike: 'aes256gcm16-prfsha384-ecp384', esp: 'aes256gcm16' },
  cbc: { ike: 'aes256-sha256-modp2048', esp: 'aes256gcm16' },
} as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'tshark'],
  // One packet after the other, as on copper: a capture must not hold segments of 64 KiB.
  wire: 'nic',
  async play(home) {
    const keys = home.lab.folder('keys');
    const guests = pskGuests({ suite: 'compatible' });
    const sections = [...basics({ keylog: keys }), guests, presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const login = { login: anna };
    const phone = await startPhone(home, {
      gcm: { ...login, ...suites.gcm },
      gcm256: { ...login, ...suites.gcm256 },
      cbc: { ...login, ...suites.cbc },
    });
    const page = await serveWebPage(home, 100_000);
    return { gateway, phone, keys, page };
  },
});

/** Connects, pings and downloads a little while the router's wire is recorded. */
async function record(name: keyof typeof suites): Promise<Dissection> {
  const { home, phone, keys } = scene();
  const capture = await Capture.start(home.lab, home.router, { name, device: 'wan0' });
  expect((await phone.initiate(name)).code).toBe(0);
  for (const host of [address.lan, address.lan6]) {
    await ping(home.phone, host);
    await download(home.phone, host);
  }
  await phone.terminate(name);
  await capture.stop();
  return dissect(home.lab, capture.file, keys);
}

test.each([['gcm'], ['gcm256'], ['cbc']] as const)(
  'reads everything of a connection with %s',
  async (name) => {
    const { ike, esp } = await record(name);

    const inits = ike.filter(({ exchange }) => exchange === IKE_SA_INIT);
    expect(inits).toHaveLength(2);
    const others = ike.filter(({ exchange }) => exchange !== IKE_SA_INIT);
    expect(others.length).toBeGreaterThanOrEqual(4); // IKE_AUTH and the DELETE, with their answers
    expect(
      others.filter(({ wasDecrypted, exchange }) => exchange === IKE_AUTH && !wasDecrypted),
    ).toEqual([]);

    expect(esp.length).toBeGreaterThan(100);
    expect(esp.filter(({ icvIsGood }) => !icvIsGood)).toEqual([]);
    expect(esp.filter(({ sources }) => sources.length < 2)).toEqual([]);
    const inner = new Set(esp.map(({ sources }) => sources.at(-1)));
    expect(inner).toContain(address.lan);
    expect(inner).toContain(address.lan6);
  },
);

test('finds the payloads of IKE_AUTH in the order of RFC 7296 §1.2', async () => {
  const { home, keys } = scene();
  const { ike } = await dissect(home.lab, join(home.lab.dir, 'capture/gcm.pcap'), keys);

  const answer = ike.find(({ exchange, isResponse }) => exchange === IKE_AUTH && isResponse);

  const inner = answer?.payloads.slice(answer.payloads.indexOf(SK) + 1) ?? [];
  const order: readonly number[] = [IDr, AUTH, SA, TSi, TSr];
  expect(inner.filter((type) => order.includes(type))).toEqual(order);
});

const IKE_SA_INIT = 34;
const IKE_AUTH = 35;
const [SA, IDr, AUTH, TSi, TSr, SK] = [33, 36, 39, 44, 45, 46] as const;
