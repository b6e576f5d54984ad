// The native clients against the daemon itself, from behind the hotel's NAT or over IPv6: real sockets, real ESP, and
// keys that no code of the gateway derived.
import { describe, expect, test } from 'vitest';
import { android13 } from '../ghost/android.ts';
import { appleProfilePfs, ios17, macos14 } from '../ghost/apple.ts';
import type { Model } from '../ghost/model.ts';
import { networkManager } from '../ghost/networkmanager.ts';
import { strongSwanApp } from '../ghost/strongswan-app.ts';
import { windows11, windowsScripted } from '../ghost/windows.ts';
import { Authority } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import {
  basics,
  certificateFiles,
  certificateGuests,
  presharedKey,
  pskGuests,
} from '../lab/household.ts';
import { gatewayName } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';
import type { GhostReport, Step } from './ghost-run.ts';
import { aDay, certificateLogin, Ghosts, trustIn, wholeDay } from './ghosts.ts';

const anna = 'anna@example.org';
const secret = 'correct horse battery';

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
      certificateGuests({ ...compatible, remote_auth: ['pubkey', 'eap-mschapv2'] }),
      section('user', 'anna', { name: 'anna', password: secret }),
      ...certificateFiles(home.lab, server, authority.certificate),
    ]);
    return { gateway, ghosts: await Ghosts.prepare(home), phone, authority };
  },
});

async function visit(model: Model, { kind, over = 'v4', steps }: Visit): Promise<GhostReport> {
  const { ghosts, phone, authority } = scene();
  const login = {
    psk: { secret },
    certificate: certificateLogin(phone, authority),
    eap: { ...trustIn(authority), user: 'anna', password: secret },
  };
  return await ghosts.visit(model, { login: login[kind], name: anna, over, steps });
}
interface Visit {
  readonly kind: 'psk' | 'certificate' | 'eap';
  readonly over?: 'v4' | 'v6';
  readonly steps: readonly Step[];
}

describe.each([
  [ios17, 'psk'],
  [ios17, 'eap'],
  [macos14, 'certificate'],
  [appleProfilePfs, 'certificate'],
  [windowsScripted, 'certificate'],
  [windowsScripted, 'eap'],
  [android13, 'psk'],
  [android13, 'certificate'],
  [android13, 'eap'],
  [strongSwanApp, 'certificate'],
  [networkManager, 'psk'],
] as const)('$name', (model, kind) => {
  test(`by ${kind}: connects, renews its keys, roams and leaves, with pings in between`, async () => {
    const { gateway } = scene();

    const report = await visit(model, { kind, steps: aDay('v4') });

    expect(report).toMatchObject({ complaints: [], steps: wholeDay, encap: 'udp' });
    await until('the gateway has no SA', async () => (await gateway.sas()).length === 0);
  });
});

test('Android over IPv6 carries ESP as IP protocol 50', async () => {
  const report = await visit(android13, { kind: 'psk', over: 'v6', steps: aDay('v6') });

  expect(report).toMatchObject({ complaints: [], steps: wholeDay, encap: 'raw' });
});

test('Windows as it comes is refused, and the log says what to do', async () => {
  const { gateway } = scene();

  const report = await visit(windows11, {
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
