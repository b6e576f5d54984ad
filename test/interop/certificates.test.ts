// Phones with certificates of ours, ECDSA and RSA, that call themselves by their DN or by a name in them.
import { describe, expect, test } from 'vitest';
import { Authority, type KeyKind } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, certificateFiles, certificateGuests } from '../lab/household.ts';
import { type Dial, gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';

const dn = 'C=CH, O=Home, CN=anna';
const mail = 'anna@example.org';

describe.each<[KeyKind]>([['ecdsa'], ['rsa']])('with %s keys', (kind) => {
  const scene = stage({
    needs: ['our gateway', 'strongSwan'],
    async play(home) {
      const authority = new Authority(kind);
      const server = authority.issue({
        dn: `C=CH, O=Home, CN=${gatewayName}`,
        san: [gatewayName],
        purpose: 'serverAuth',
      });
      const credential = authority.issue({ dn, san: [mail], purpose: 'clientAuth' });
      const dial = (id: string): Dial => ({
        login: { kind: 'certificate', id, credential, authority: authority.certificate },
      });
      const files = certificateFiles(home.lab, server, authority.certificate);
      const sections = [...basics(), certificateGuests(), ...files];
      const gateway = await Gateway.start(home.lab, home.router, sections);
      const phone = await startPhone(home, { by_dn: dial(dn), by_name: dial(mail) });
      return { gateway, phone };
    },
  });

  test.each([
    ['by_dn', dn],
    ['by_name', mail],
  ])('lets in a phone that names itself %s', async (name, peer) => {
    const { home, gateway, phone } = scene();

    const dialled = await phone.initiate(name);

    expect(dialled.stdout).toContain('initiate completed successfully');
    expect(await gateway.sas()).toMatchObject([{ peer, connection: 'certificate_guests' }]);
    expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    await phone.terminate(name);
  });

  test('signs with the hash that the phone announced, not with SHA-1 (RFC 7427, pitfalls 29, 32)', () => {
    const [, scheme] =
      new RegExp(`of '${gatewayName}' with (\\S+) successful`).exec(scene().phone.log) ?? [];

    expect(scheme).toMatch(/^(?:ECDSA_WITH_SHA|RSA_EMSA_\w+_SHA2_)(?:256|384|512)/);
  });
});
