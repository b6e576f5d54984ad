// A gateway with a home CA of its own, which gives its devices their profiles, as a family would set it up.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, type Home, network } from '../lab/home.ts';
import { basics, certificateGuests, eapGuests } from '../lab/household.ts';
import { gatewayName } from '../lab/phone.ts';
import { formatUci, section, type UciValue } from '../lab/uci.ts';

export interface FamilyHome {
  readonly gateway: Gateway;
  /** Adds a device with the best profile for its platform. */
  give(name: string, platform: string, ...options: readonly string[]): Promise<Given>;
}
export interface Given {
  readonly folder: string;
  readonly file: string;
  /** What `ikectl` said. */
  readonly told: string;
}

/** @param pool options of the pool */
export async function familyHome(
  home: Home,
  pool: Readonly<Record<string, UciValue>> = {},
): Promise<FamilyHome> {
  const dir = home.lab.folder('home-ca');
  const folder = join(dir, 'own');
  const configFile = join(dir, 'ikev2');
  writeFileSync(configFile, formatUci([section('service', 'main', { folder })]));
  const init = ['cert', 'init', '--name', gatewayName, '--address', address.router];
  runNow([program.ikectl, '--config', configFile, '--run-dir', dir, ...init]);
  // The connections let everything through: what is less is the record's doing.
  const own = {
    ...{ certificate: 'gateway', suite: 'compatible', local_ts: ['0.0.0.0/0', '::/0'] },
  };
  const gateway = await Gateway.start(home.lab, home.router, [
    // The lab has no name server outside: what is dialled is the address, which is in the certificate as well.
    ...basics({ folder, identity: address.router, home_net: [network.lan, network.lan6] }, pool),
    eapGuests(own),
    { ...certificateGuests(own), name: 'by_certificate' },
    section('authority', 'home', { file: join(folder, 'ca.pem'), key: join(folder, 'ca.key') }),
    section('certificate', 'gateway', {
      file: join(folder, 'gateway.pem'),
      key: join(folder, 'gateway.pem'),
    }),
  ]);
  return {
    gateway,
    async give(name, platform, ...options) {
      const file = join(home.lab.folder(`home-ca/${name.replace(/\W/g, '-')}`), 'profile');
      const wish = ['--platform', platform, '--out', file, ...options];
      const { code, stdout, stderr } = await gateway.ikectl('device', 'add', name, ...wish);
      if (code !== 0) throw new Error(`ikectl device add: ${stderr}`);
      return { folder: dirname(file), file, told: stdout };
    },
  };
}
