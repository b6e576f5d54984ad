// A second opinion on our side of EAP as a peer: hostapd, an EAP server that nobody here wrote, lets us in by every
// method inside TLS and outside of it, and finds our keys to be its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../src/base/bytes.ts';
import { Secret } from '../../src/base/secret.ts';
import { noble } from '../../src/crypto/noble/index.ts';
import { eapMethod } from '../../src/ike/eap/index.ts';
import type { EapMethodRow, PeerSetting } from '../../src/ike/eap/method.ts';
import { EapPeer } from '../../src/ike/eap/peer.ts';
import { parseIdentityPattern } from '../../src/policy/identity.ts';
import { EapOutside, ownOf } from '../lab/eap-outside.ts';
import { issue, type LabCertificate, makeCa } from '../lab/pki.ts';
import { radiusSecret } from '../lab/radius.ts';
import { logInByRadius } from '../lab/radius-login.ts';
import { Service } from '../lab/service.ts';
import { skipWithout } from '../lab/stage.ts';
import { until } from '../lab/until.ts';

skipWithout('hostapd');

const password = 'correct horse battery';
let folder: string;
let ca: LabCertificate;
let phone: LabCertificate;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-hostapd-'));
  ca = await makeCa();
  phone = await issue(ca, { name: 'CN=phone' });
  const middle = await makeCa({ name: `CN=${'x'.repeat(1500)}` }, ca);
  const server = await issue(middle, {
    key: 'rsa2048',
    san: ['radius.example.org'],
    eku: ['serverAuth'],
  });
  const files = {
    'ca.pem': ca.pem,
    'server.pem': `${server.pem}\n${middle.pem}`,
    'server.key': server.keyPem,
    clients: `127.0.0.1/32 ${radiusSecret}\n`,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** @param methods as hostapd's file of users names them, outside and inside of the tunnel */
async function withHostapd<T>(
  methods: { readonly outer: string; readonly inner: string; readonly tls: '1.2' | '1.3' },
  use: (port: number) => Promise<T>,
): Promise<T> {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const { outer, inner, tls } = methods;
  const users =
    inner === ''
      ? [`"anna" ${outer} "${password}"`]
      : [`* ${outer}`, `"anna" ${inner} "${password}" [2]`];
  writeFileSync(join(folder, 'users'), `${users.join('\n')}\n`);
  const settings = {
    driver: 'none',
    logger_stdout: -1,
    radius_server_clients: join(folder, 'clients'),
    radius_server_auth_port: port,
    eap_server: 1,
    eap_user_file: join(folder, 'users'),
    ca_cert: join(folder, 'ca.pem'),
    server_cert: join(folder, 'server.pem'),
    private_key: join(folder, 'server.key'),
    tls_flags: tls === '1.3' ? '[ENABLE-TLSv1.3]' : '[DISABLE-TLSv1.3]',
    fragment_size: 600,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  const file = join(folder, 'hostapd.conf');
  const logFile = join(folder, `hostapd-${port}.log`);
  writeFileSync(file, lines.join(''));
  const hostapd = new Service('hostapd', ['hostapd', '-dd', file], { logFile });
  try {
    await until('hostapd is there', () => hostapd.log.includes('AP-ENABLED'));
    return await use(port);
  } finally {
    await hostapd.stop();
  }
}

async function logIn(
  name: EapMethodRow['name'],
  inner: string,
  tls: '1.2' | '1.3' = '1.2',
  change: Partial<PeerSetting> = {},
) {
  const outside = new EapOutside([ca], [phone]);
  const serverId = parseIdentityPattern('radius.example.org') ?? { kind: 'any' };
  const setting: PeerSetting = {
    primitives: noble,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    identity: fromText('anna'),
    password: new Secret(fromText(password)),
    certificate: ownOf(phone),
    closeTls: outside.closeTls,
    serverId,
    isServerProven: false,
    ...change,
  };
  const peer = new EapPeer(setting, [eapMethod(name) as EapMethodRow]);
  const outer = name.slice('eap-'.length).toUpperCase();
  const done = await withHostapd({ outer, inner, tls }, (port) =>
    logInByRadius(outside, peer, port),
  );
  return { ...done, left: outside.sessions.size };
}

describe('hostapd lets us in', () => {
  test.each([
    ['eap-tls', 'TLS', '1.2'],
    ['eap-tls', 'TLS', '1.3'],
    ['eap-ttls', 'MSCHAPV2', '1.2'],
    ['eap-ttls', 'MSCHAPV2', '1.3'],
    ['eap-ttls', 'GTC', '1.2'],
    ['eap-peap', 'MSCHAPV2', '1.2'],
    // Not PEAP with TLS 1.3. The tunnel's key is the beginning of Key_Material (MS-PEAP §3.1.5.5.2.1), and that is an
    // export of 128 bytes (RFC 9427 §2.1). TLS 1.3 puts the length into what it derives, so that the 64 bytes which
    // hostapd 2.10 exports are others; its own supplicant, eapol_test, exports 128 and agrees with us.
    ['eap-peap', 'GTC', '1.2'],
  ] as const)('by %s, %s inside TLS %s, and has our keys', async (name, inner, tls) => {
    const done = await logIn(name, inner, tls);
    expect(done).toMatchObject({ end: { kind: 'success' }, isAccepted: true, isSameKey: true });
    expect(done.left).toBe(0);
  });

  test('by EAP-MSCHAPv2 and has our keys (pitfall 36)', async () => {
    const done = await logIn('eap-mschapv2', '', '1.2', { isServerProven: true });
    expect(done).toMatchObject({ isAccepted: true, isSameKey: true });
  });
});

describe('we', () => {
  test.each(['eap-ttls', 'eap-peap'] as const)(
    'hear that our password is wrong: %s',
    async (name) => {
      const wrong = new Secret(fromText('guess'));
      const done = await logIn(name, 'MSCHAPV2', '1.2', { password: wrong });
      expect(done).toMatchObject({ end: { kind: 'failure' }, isAccepted: false, left: 0 });
    },
  );

  test.each(['eap-tls', 'eap-ttls', 'eap-peap'] as const)(
    'leave when the certificate of the server is for another name: %s',
    async (name) => {
      const serverId = parseIdentityPattern('vpn.example.org') ?? { kind: 'any' };
      const done = await logIn(name, 'MSCHAPV2', '1.2', { serverId });
      expect(done.end).toMatchObject({ why: expect.stringContaining('another name') });
    },
  );
});
