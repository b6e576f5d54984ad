// `ikectl capture` judged by a foreign reader: Wireshark's tshark finds the peer's IKE and ESP in the file, both ways, opens
// them with the keys where those were asked for, and never without.
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CaptureView } from '../../src/rpc/methods/capture.ts';
import { dissect } from '../lab/capture.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests, wayHome } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { loggedKeys, shown } from '../lab/secrets.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { addUplink, cut, mend, uplink } from '../lab/uplink.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
/** ENCR_AES_GCM_16 and CBC alike, so that Wireshark's files are right for both. */
const cbc = { ike: 'aes256-sha256-modp2048', esp: 'aes256gcm16' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'tshark'],
  async play(home) {
    addUplink(home);
    const guests = pskGuests({ suite: 'compatible' });
    const sections = [...basics(), guests, presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const login = { login: anna, dpd: 4 };
    const phone = await startPhone(home, { gcm: login, cbc: { ...login, ...cbc } });
    return { gateway, phone, folder: mkdtempSync(join(tmpdir(), 'ikev2-captures-')) };
  },
});

interface Taken {
  readonly file: string;
  readonly keys: string;
  readonly said: string;
}

/** Captures while something happens. */
async function captureDuring(
  name: string,
  words: readonly string[],
  happen: () => Promise<void>,
): Promise<Taken> {
  const { gateway, folder } = scene();
  const file = join(folder, `${name}.pcapng`);
  const ended = gateway.ikectl('capture', '--seconds', '120', '--out', file, ...words);
  await until('the capture runs', async () => (await captures()).some(isRunning), 15_000);
  await happen();
  await gateway.call('capture_stop');
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  return { file, keys: `${file}.keys`, said: stdout };
}

const captures = async (): Promise<readonly CaptureView[]> =>
  ((await scene().gateway.call('captures')) as { captures: CaptureView[] }).captures;
const isRunning = ({ state }: CaptureView): boolean => state === 'running';

async function pingBoth(): Promise<void> {
  for (const host of [address.lan, address.lan6]) {
    expect((await ping(scene().home.phone, host, 3)).received).toBeGreaterThan(0);
  }
}

/** Keys that the gateway agreed on so far, in whatever form bytes are written. */
function keysIn(...files: readonly string[]): readonly string[] {
  const { home } = scene();
  const known = loggedKeys(home.lab.folder('gateway-keys'));
  expect(known.length).toBeGreaterThanOrEqual(4);
  return files.flatMap((file) => {
    const bytes = readFileSync(file);
    const raw = known
      .filter((key) => bytes.includes(Buffer.from(key.bytes)))
      .map(({ name }) => name);
    return [...raw, ...shown(bytes.toString('latin1'), known)].map((name) => `${name} in ${file}`);
  });
}

const IKE_SA_INIT = 34;
const IKE_AUTH = 35;

describe('without keys', () => {
  test('a handshake and its traffic are seen, both ways, and stay closed', async () => {
    const { home, gateway, phone } = scene();
    const { file, said } = await captureDuring('closed', ['--peer', anna.id], async () => {
      expect((await phone.initiate('gcm')).code).toBe(0);
      await pingBoth();
    });
    expect(said).not.toContain('WARNING');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.keys`)).toBe(false);

    const { ike, esp } = await dissect(home.lab, file);
    expect(ike.filter(({ exchange }) => exchange === IKE_SA_INIT)).toHaveLength(2);
    const auth = ike.filter(({ exchange }) => exchange === IKE_AUTH);
    expect(auth.map(({ isResponse }) => isResponse)).toEqual([false, true]);
    expect(auth.some(({ wasDecrypted }) => wasDecrypted)).toBe(false);
    const sources = new Set(esp.map((one) => one.sources.join()));
    expect([...sources].sort()).toEqual([address.nat, address.router].sort());
    expect(esp.length).toBeGreaterThanOrEqual(8);
    const { stdout: status } = await gateway.ikectl('captures');
    expect(JSON.parse(status)).toEqual({ captures: [] });
    expect(keysIn(file)).toEqual([]);
  });

  test('nothing of it is left on the router', () => {
    const { gateway } = scene();
    const folder = join(gateway.runDir, 'captures');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('with keys', () => {
  test.each([['gcm'], ['cbc']] as const)(
    'tshark opens IKE_AUTH and ESP of a connection with %s',
    async (name) => {
      const { home, phone } = scene();
      await phone.terminate('gcm');
      const { file, keys, said } = await captureDuring(
        `open-${name}`,
        ['--peer', anna.id, '--with-keys'],
        async () => {
          expect((await phone.initiate(name)).code).toBe(0);
          await pingBoth();
        },
      );
      expect(said).toMatch(/^WARNING: with keys/);
      for (const key of ['ikev2_decryption_table', 'esp_sa']) {
        expect(statSync(join(keys, key)).mode & 0o777).toBe(0o600);
      }
      expect(keysIn(file)).toEqual([]); // they are in files of their own alone

      const { ike, esp } = await dissect(home.lab, file, keys);
      const auth = ike.filter(({ exchange }) => exchange === IKE_AUTH);
      expect(auth.map(({ wasDecrypted }) => wasDecrypted)).toEqual([true, true]);
      expect(esp.length).toBeGreaterThanOrEqual(8);
      expect(esp.filter(({ icvIsGood }) => !icvIsGood)).toEqual([]);
      const inner = new Set(esp.map(({ sources }) => sources.at(-1)));
      expect(inner).toContain(address.lan);
      expect(inner).toContain(address.lan6);
      await phone.terminate(name);
    },
  );

  test('a tunnel that stands gets new keys first and last: they open nothing of before or after', async () => {
    const { home, gateway, phone } = scene();
    expect((await phone.initiate('gcm')).code).toBe(0);
    const [before] = await gateway.sas();
    const { file, keys } = await captureDuring(
      'standing',
      ['--peer', anna.id, '--with-keys'],
      async () => {
        await until('new keys', async () => {
          const [sa] = await gateway.sas();
          return sa?.spiI !== before?.spiI && sa?.children[0]?.id !== before?.children[0]?.id;
        });
        await pingBoth();
      },
    );
    const { esp } = await dissect(home.lab, file, keys);
    expect(esp.filter(({ icvIsGood }) => icvIsGood).length).toBeGreaterThanOrEqual(8);
    const rows = readFileSync(join(keys, 'esp_sa'), 'utf8');
    await until('other keys after it', async () => {
      const known = (await gateway.call('sas')) as {
        sas: { spiI: string; children: { spiIn: string }[] }[];
      };
      const spis = known.sas.flatMap(({ children }) => children.map(({ spiIn }) => spiIn));
      return spis.length > 0 && spis.every((spi) => !rows.includes(spi));
    });
    const ofBefore = readFileSync(join(keys, 'ikev2_decryption_table'), 'utf8');
    expect(ofBefore).not.toContain(before?.spiI);
  });
});

test('a peer that moves, and whose keys are renewed meanwhile, stays the same one', async () => {
  const { home, gateway, phone } = scene();
  const { file } = await captureDuring('moving', ['--peer', address.nat], async () => {
    await pingBoth();
    cut(home, 'wlan0');
    await until('it has moved', async () =>
      (await gateway.sas())[0]?.remote.startsWith(uplink.phone),
    );
    expect((await phone.control(['--rekey', '--ike', 'gcm'])).code).toBe(0);
    expect((await phone.control(['--rekey', '--child', 'gcm'])).code).toBe(0);
    expect((await gateway.ikectl('reload')).code).toBe(0);
    await ping(home.phone, address.lan, 3);
  });
  mend(home, 'wlan0');
  const { ike, esp } = await dissect(home.lab, file);
  const sources = new Set(esp.map((one) => one.sources[0]));
  expect(sources).toContain(address.nat);
  expect(sources).toContain(uplink.phone);
  // Both addresses, and the new keys of the tunnel: two SPIs of ours and two of the phone at least.
  expect(new Set(esp.map(({ spi }) => spi)).size).toBeGreaterThanOrEqual(4);
  expect(ike.length).toBeGreaterThan(4);
});

test('the life of its SA is told from the first message on, through its new keys and its move', async () => {
  const { gateway } = scene();
  const [sa] = await gateway.sas();
  const { code, stdout } = await gateway.ikectl('log', '--sa', `${sa?.id}`);
  expect(code).toBe(0);
  const said = stdout.replace(/\n +/g, ' ');
  for (const part of [
    /\+0\.000 {2}-> IKE_SA_INIT request 0 \[SA KE No /,
    / {4}up: 'anna@example\.org' on connection/,
    /\(I am somewhere else now\)/,
    / {4}moved: now from /,
    /-> CREATE_CHILD_SA request \d+ .*\(new keys for the IKE SA\)/,
    / {4}new keys for the connection/,
    /-> CREATE_CHILD_SA request \d+ .*\(new keys for a tunnel\)/,
  ]) {
    expect(said).toMatch(part);
  }
  const diagram = await gateway.ikectl('log', '--sa', `${sa?.id}`, '--mermaid');
  expect(diagram.stdout).toMatch(/^sequenceDiagram\n {2}participant P as anna@example\.org\n/);
});

test('a stranger is recorded by his address, though he has no tunnel', async () => {
  const { home, phone } = scene();
  await phone.terminate('gcm');
  const { file, said } = await captureDuring('nobody', ['--peer', '192.0.2.200'], pingNobody);
  expect(said).toContain('nothing came and nothing went');
  expect(await dissect(home.lab, file)).toEqual({ ike: [], esp: [] });
});

/** Somebody else has traffic meanwhile. */
async function pingNobody(): Promise<void> {
  expect((await scene().phone.initiate('gcm')).code).toBe(0);
  await pingBoth();
}

test('a second capture and a second end are refused in words', async () => {
  const { gateway } = scene();
  await gateway.call('capture_start', { peer: anna.id });
  await expect(gateway.call('capture_start', { peer: anna.id })).rejects.toThrow('is running');
  await gateway.call('capture_stop');
  await expect(gateway.call('capture_stop')).rejects.toThrow('no capture is running');
});

test('ESP as protocol 50 over IPv6 is recorded as such, and opened', async () => {
  const { home, gateway, phone } = scene();
  await phone.stop();
  const dialling = [
    ...basics({ identity: undefined }),
    wayHome(anna, { remote: [address.router6] }),
  ];
  const client = await Gateway.start(home.lab, home.phone, dialling, { name: 'client' });
  const { file, keys } = await captureDuring(
    'raw',
    ['--peer', anna.id, '--with-keys'],
    async () => {
      expect(await client.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
      await until(
        'it is there',
        async () => (await gateway.sas())[0]?.children[0]?.encap === 'raw',
      );
      await until(
        'it has its routes',
        async () => (await ping(home.phone, address.lan, 1)).received > 0,
      );
      await pingBoth();
    },
  );
  const { ike, esp } = await dissect(home.lab, file, keys);
  expect(ike.some(({ exchange, wasDecrypted }) => exchange === IKE_AUTH && wasDecrypted)).toBe(
    true,
  );
  expect(new Set(esp.map(({ sources }) => sources.find((one) => one.includes(':'))))).toContain(
    address.phone6,
  );
  expect(esp.filter(({ icvIsGood }) => !icvIsGood)).toEqual([]);
});

test('a full disk costs the capture, and nothing else', async () => {
  const { home } = scene();
  const runDir = join(home.lab.folder('cramped'), 'run');
  const cramped = await Gateway.start(home.lab, home.internet, basics(), {
    name: 'cramped',
    scene: `mkdir -p ${runDir}/captures && mount -t tmpfs -o nr_inodes=2 tmpfs ${runDir}/captures`,
  });
  await cramped.call('capture_start', { peer: address.router, keys: true });
  const stopped = (await cramped.call('capture_stop')) as { capture: CaptureView };
  expect(stopped.capture.state).toBe('failed');
  expect(stopped.capture.fault).toContain('ENOSPC');
  expect((await cramped.status()).sas).toEqual([]);
});
