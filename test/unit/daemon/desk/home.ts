// A gateway's folder with a home CA and connections for both kinds of devices, made once for a test file.
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountDesk } from '../../../../src/daemon/desk/accounts.ts';
import { certificateDesk } from '../../../../src/daemon/desk/desk.ts';
import type { DeskPlace } from '../../../../src/daemon/desk/place.ts';
import type { AccountDesk, DeviceRequest } from '../../../../src/rpc/accounts.ts';
import type { CertificateDesk } from '../../../../src/rpc/certificates.ts';

export interface DeskHome {
  readonly folder: string;
  readonly configFile: string;
  readonly certificates: CertificateDesk;
  readonly accounts: AccountDesk;
  /** Moves the clock of the desks. */
  pass(minutes: number): void;
  text(): string;
  edit(change: (text: string) => string): void;
  remove(): void;
}

export async function deskHome(name = 'vpn.example.org'): Promise<DeskHome> {
  const folder = mkdtempSync(join(tmpdir(), 'ikev2-desk-home-'));
  const configFile = join(folder, 'ikev2');
  writeFileSync(configFile, configuration(folder), { mode: 0o600 });
  let passed = 0;
  const place: DeskPlace = {
    configFile,
    now: () => new Date(Date.now() + passed),
    random: (bytes) => randomFillSync(new Uint8Array(bytes)),
    configured: async () => undefined,
    filesChanged: () => {},
  };
  const certificates = certificateDesk(place);
  await certificates.create({ names: [name], force: false });
  return {
    ...{ folder, configFile, certificates, accounts: accountDesk(place, certificates) },
    pass(minutes) {
      passed += minutes * 60_000;
    },
    text: () => readFileSync(configFile, 'utf8'),
    edit: (change) => writeFileSync(configFile, change(readFileSync(configFile, 'utf8'))),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** A request with the defaults of the method. */
export const device = (name: string, fields: Partial<DeviceRequest> = {}): DeviceRequest => ({
  ...{ name, owner: undefined, platform: undefined, auth: 'password', form: 'legacy' },
  ...{ expires: undefined, addresses: [], routing: 'all', isOnDemand: false, format: undefined },
  ...fields,
});

const configuration = (folder: string): string => `
config service 'main'
	option folder '${join(folder, 'own')}'
	list home_net '192.168.1.0/24'
	list home_net 'fd00:1::/64'
	list home_wifi "Anna's Wi-Fi"

config pool 'people'
	list range '10.3.0.0/24'
	list range 'fd00:3::/64'
	list dns '10.3.0.1'
	list dns 'fd00:3::1'
	list domain 'lan'

config connection 'passwords'
	list remote_auth 'eap-mschapv2'
	option pool 'people'

config connection 'certificates'
	list remote_auth 'pubkey'
	option pool 'people'

config user 'anna'
	option name 'anna'
	option password 'correct horse battery staple'
`;
