// A cabin changes from strongSwan's package to ours: its old /etc/config/ipsec is taken over while the gateway runs,
// and the tunnel that it used to dial comes up.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics } from '../lab/household.ts';
import { gatewayName } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const secret = 'correct horse battery';
const cabinNet = '192.168.7.0/24';

const theirs = `
config ipsec
	list interface 'wan'

config crypto_proposal 'strong'
	option encryption_algorithm 'aes256gcm16'
	option hash_algorithm 'sha512'
	option prf_algorithm 'prfsha384'
	option dh_group 'ecp384'

config tunnel 'home_lan'
	list local_subnet '${cabinNet}'
	list remote_subnet '${network.lan}'
	list crypto_proposal 'strong'
	option startaction 'start'
	option updown '/etc/ipsec.updown'

config remote 'home'
	option enabled '1'
	option gateway '${address.router}'
	option authentication_method 'psk'
	option pre_shared_key '${secret}'
	option local_identifier 'cabin.example.org'
	option remote_identifier '${gatewayName}'
	list crypto_proposal 'strong'
	list tunnel 'home_lan'
`;

const scene = stage({
  needs: ['our gateway'],
  async play({ lab, router, nat }) {
    const [service] = basics();
    if (!service) throw new Error('the lab has no service section');
    const cabin = section('connection', 'cabin', {
      ...{ local_auth: 'psk', psk: secret, remote_id: 'cabin.example.org' },
      ...{ local_ts: [network.lan], remote_ts: [cabinNet] },
    });
    const answerer = await Gateway.start(lab, router, [...basics(), cabin]);
    return { answerer, dialler: await Gateway.start(lab, nat, [service], { name: 'cabin' }) };
  },
});

test('the tunnel comes up, and what did not come along was said', async () => {
  const { home, answerer, dialler } = scene();
  const file = join(home.lab.folder('cabin'), 'ipsec');
  writeFileSync(file, theirs);

  const { code, stdout } = await dialler.ikectl('import', file);

  expect([code, stdout]).toEqual([0, expect.stringContaining("written: connection 'home'")]);
  expect(stdout).toContain("tunnel 'home_lan', updown: no script is run");
  await until('the cabin is connected', async () => (await answerer.sas()).length === 1);
  expect(await answerer.sas()).toMatchObject([
    { connection: 'cabin', suite: expect.stringContaining('aes256gcm16-prfsha384-ecp384') },
  ]);
  await until('the route is there', () =>
    home.nat.ip('-4', 'route', 'show', 'table', 'all').includes(network.lan),
  );
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
});
