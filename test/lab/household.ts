// The gateway's configuration in the lab: who may come in, and what they get.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credential } from './certificates.ts';
import { address, network } from './home.ts';
import type { Lab } from './lab.ts';
import { gatewayName, SUITE } from './phone.ts';
import { section, type UciSection, type UciValue } from './uci.ts';

type Options = Readonly<Record<string, UciValue | undefined>>;

/** The service and its pool: what every gateway of the lab has. Timers are short, because labs are. */
export const basics = (service: Options = {}, pool: Options = {}): UciSection[] => [
  section('service', 'main', {
    identity: gatewayName,
    log: 'debug',
    retransmit_base: 0.5,
    half_open: 10,
    ...service,
  }),
  section('pool', 'guests', { range: [network.pool, network.pool6], ...pool }),
];

/** A connection that lets phones with a pre-shared key reach the LAN. */
export const pskGuests = (options: Options = {}): UciSection =>
  section('connection', 'psk_guests', {
    local_auth: 'psk',
    remote_auth: ['psk'],
    pool: 'guests',
    local_ts: [network.lan, network.lan6],
    suite: 'modern',
    ...options,
  });

/** A connection by which our daemon dials the router with a pre-shared key and asks for an address of each family. */
export const wayHome = (
  { id, secret }: { readonly id: string; readonly secret: string },
  options: Options = {},
): UciSection =>
  section('connection', 'way_home', {
    role: 'initiator',
    remote: [address.router],
    local_auth: 'psk',
    local_id: id,
    remote_id: gatewayName,
    psk: secret,
    ike: [SUITE.ike],
    esp: [SUITE.esp],
    virtual_ip: ['0.0.0.0', '::'],
    ...options,
  });

export const presharedKey = (id: string, secret: string): UciSection =>
  section('psk', `key_${id.replace(/\W/g, '_')}`, { id: [id], secret });

/** A connection that lets phones with a certificate of ours reach the LAN. */
export const certificateGuests = (options: Options = {}): UciSection =>
  section('connection', 'certificate_guests', {
    local_auth: 'pubkey',
    remote_auth: ['pubkey'],
    certificate: 'server',
    pool: 'guests',
    local_ts: [network.lan, network.lan6],
    suite: 'modern',
    ...options,
  });

/** A connection that lets phones log in by EAP, and reach the LAN. */
export const eapGuests = (options: Options = {}): UciSection =>
  certificateGuests({ remote_auth: ['eap-mschapv2'], ...options });

export const user = (name: string, password: string, options: Options = {}): UciSection =>
  section('user', `user_${name.replace(/\W/g, '_')}`, { name, password, ...options });

/** The gateway's certificate and the authority that it trusts, as files of the lab. */
export function certificateFiles(lab: Lab, server: Credential, authority: string): UciSection[] {
  const dir = lab.folder('certificates');
  const write = (name: string, text: string): string => {
    const path = join(dir, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return [
    section('authority', 'home', { file: write('ca.pem', authority) }),
    section('certificate', 'server', {
      file: write('server.pem', server.certificate),
      key: write('server.key', server.key),
    }),
  ];
}
