// A wire that swallows every datagram of more than 576 bytes, and every fragment of IP: only IKE's own fragments
// (RFC 7383) bring the certificates across.
import { expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, certificateFiles, certificateGuests } from '../lab/household.ts';
import { gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';

const mail = 'anna@example.org';
const narrow = 576;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const authority = new Authority('rsa');
    const server = authority.issue({
      dn: `CN=${gatewayName}`,
      san: [gatewayName],
      purpose: 'serverAuth',
    });
    const credential = authority.issue({ dn: 'CN=anna', san: [mail], purpose: 'clientAuth' });
    const guests = certificateGuests({ fragment_size: narrow });
    const files = certificateFiles(home.lab, server, authority.certificate);
    const gateway = await Gateway.start(home.lab, home.router, [...basics(), guests, ...files]);
    const login = {
      kind: 'certificate',
      id: mail,
      credential,
      authority: authority.certificate,
    } as const;
    const phone = (fragmentSize: number) =>
      startPhone(home, { home: { login } }, { retransmit: 0.3, retransmitTries: 1, fragmentSize });
    home.internet.nft(`table inet narrow {
      chain forward {
        type filter hook forward priority 0;
        ip length > ${narrow} counter drop
        ip frag-off & 0x3fff != 0 counter drop
      }
    }`);
    return { gateway, phone };
  },
});

test('certificates come across in fragments of 576 bytes, both ways (pitfalls 48, 49)', async () => {
  const { home, gateway, phone } = scene();
  const fits = await phone(narrow);

  expect(await fits.initiate('home')).toMatchObject({ code: 0 });

  const [sent, received] = [
    /generating IKE_AUTH request 1 \[ EF\(1\/(\d+)\)/,
    /parsed IKE_AUTH response 1 \[ EF\(1\/(\d+)\)/,
  ].map((line) => Number(line.exec(fits.log)?.[1]));
  expect(sent).toBeGreaterThanOrEqual(3);
  expect(received).toBeGreaterThanOrEqual(3);
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  expect(await gateway.sas()).toMatchObject([{ peer: mail }]);
  await fits.stop();
});

test('the wire is as narrow as it should be: fragments of 1,280 bytes are lost', async () => {
  const wide = await scene().phone(1280);

  expect((await wide.initiate('home')).code).not.toBe(0);

  expect(wide.log).toContain('giving up after 1 retransmits');
  await wide.stop();
});
