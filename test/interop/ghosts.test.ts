// The native clients against the daemon itself, from behind the hotel's NAT or over IPv6: real sockets, real ESP, and
// keys that no code of the gateway derived.
import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCertificate } from '../../src/pki/certificate.ts';
import { android13 } from '../ghost/android.ts';
import { appleProfilePfs, ios17, macos14 } from '../ghost/apple.ts';
import type { Model } from '../ghost/model.ts';
import { networkManager } from '../ghost/networkmanager.ts';
import { strongSwanApp } from '../ghost/strongswan-app.ts';
import { windows11, windowsScripted } from '../ghost/windows.ts';
import { Authority, type Credential } from '../lab/certificates.ts';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, type Home } from '../lab/home.ts';
import {
  basics,
  certificateFiles,
  certificateGuests,
  presharedKey,
  pskGuests,
} from '../lab/household.ts';
import { gatewayName } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { until } from '../lab/until.ts';
import type { GhostReport, GhostSetup, Step } from './ghost-run.ts';

const anna = 'anna@example.org';
const secret = 'correct horse battery';
/** Where the phone goes when it roams: another address of the same hotel. */
const elsewhere = { v4: '192.168.7.11', v6: '2001:db8:7::11' };

const scene = stage({
  needs: ['our gateway'],
  async play(home) {
    const authority = new Authority('rsa');
    const name = `C=CH, O=Home, CN=${gatewayName}`;
    const server = authority.issue({ dn: name, san: [gatewayName], purpose: 'serverAuth' });
    const dn = 'C=CH, O=Home, CN=anna';
    const phone = authority.issue({ dn, san: [anna], purpose: 'clientAuth' });
    const compatible = { suite: 'compatible' };
    const gateway = await Gateway.start(home.lab, home.router, [
      ...basics(),
      pskGuests(compatible),
      presharedKey(anna, secret),
      certificateGuests(compatible),
      ...certificateFiles(home.lab, server, authority.certificate),
    ]);
    home.phone.address('wlan0', `${elsewhere.v4}/24`, `${elsewhere.v6}/64`);
    const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
    const program = inCheckout((await run([...bundler, 'test/interop/ghost-run.ts'])).trim());
    return { gateway, program, phone, authority };
  },
});

const der = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function certificateLogin(phone: Credential, authority: Authority): GhostSetup['login'] {
  const reading = readCertificate(der(phone.certificate));
  if (!reading.ok) throw new Error(reading.why);
  const { publicKey } = new X509Certificate(authority.certificate);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    chain: [hex(reading.certificate.der)],
    subject: hex(reading.certificate.subject),
    keyPem: phone.key,
    authorityPem: authority.certificate,
    authorityHash: createHash('sha1').update(spki).digest('hex'),
  };
}

interface Visit {
  readonly kind: 'psk' | 'certificate';
  readonly over?: 'v4' | 'v6';
  readonly steps: readonly Step[];
}

async function visit(home: Home, model: Model, { kind, over = 'v4', steps }: Visit) {
  const { program, phone, authority } = scene();
  const outer = {
    v4: { from: address.phone, gateway: address.router },
    v6: { from: address.phone6, gateway: address.router6 },
  };
  const setup: GhostSetup = {
    model: model.name,
    login: kind === 'psk' ? { secret } : certificateLogin(phone, authority),
    name: anna,
    server: gatewayName,
    ...outer[over],
    steps,
  };
  const file = join(home.lab.dir, 'ghost.json');
  writeFileSync(file, JSON.stringify(setup));
  const printed = await home.phone.run([process.execPath, program, file]);
  const report: GhostReport = JSON.parse(printed);
  return report;
}

/** A short life: as much as a client does in a day. */
const day = (over: 'v4' | 'v6'): Step[] => [
  { kind: 'connect' },
  { kind: 'ping', to: address.lan },
  { kind: 'ping', to: address.lan6 },
  { kind: 'rekey child' },
  { kind: 'ping', to: address.lan },
  { kind: 'rekey IKE' },
  { kind: 'ping', to: address.lan },
  { kind: 'move', to: elsewhere[over] },
  { kind: 'ping', to: address.lan },
  { kind: 'rekey child' },
  { kind: 'ping', to: address.lan6 },
  { kind: 'disconnect' },
];
const all = day('v4').map(({ kind }) => kind);

describe.each([
  [ios17, 'psk'],
  [macos14, 'certificate'],
  [appleProfilePfs, 'certificate'],
  [windowsScripted, 'certificate'],
  [android13, 'psk'],
  [android13, 'certificate'],
  [strongSwanApp, 'certificate'],
  [networkManager, 'psk'],
] as const)('$name', (model, kind) => {
  test(`by ${kind}: connects, renews its keys, roams and leaves, with pings in between`, async () => {
    const { home, gateway } = scene();

    const report = await visit(home, model, { kind, steps: day('v4') });

    expect(report).toMatchObject({ complaints: [], steps: all, encap: 'udp' });
    await until('the gateway has no SA', async () => (await gateway.sas()).length === 0);
  });
});

test('Android over IPv6 carries ESP as IP protocol 50', async () => {
  const { home } = scene();

  const report = await visit(home, android13, { kind: 'psk', over: 'v6', steps: day('v6') });

  expect(report).toMatchObject({ complaints: [], steps: all, encap: 'raw' });
});

test('Windows as it comes is refused, and the log says what to do', async () => {
  const { home, gateway } = scene();

  const report = await visit(home, windows11, {
    kind: 'certificate',
    steps: [{ kind: 'connect' }],
  });

  expect(report.complaints).toEqual(['IKE_SA_INIT was refused: NO_PROPOSAL_CHOSEN']);
  await until('the log tells', () => gateway.log.includes('group 2'));
  expect(gateway.log).toMatch(
    /attempt failed: .*Set-VpnConnectionIPsecConfiguration .*suite legacy/,
  );
});

test('the daemon found nothing wrong with itself', () => {
  expect(scene().gateway.log).not.toMatch(/\berror\b/i);
});
