// A phone: strongSwan dialling home the way phones do, asking for everything and for an address of each family.

import type { Credential } from './certificates.ts';
import { Charon, type CharonFiles } from './charon.ts';
import { address, type Home } from './home.ts';
import type { Settings } from './swanctl.ts';

export const gatewayName = 'vpn.example.org';

export interface PhoneOptions {
  readonly login: Login;
  /** Where it dials; the router's IPv4 address unless told. */
  readonly to?: string;
  readonly ike?: string;
  readonly esp?: string;
  /** What it asks for; everything unless told. */
  readonly remoteTs?: readonly string[];
  readonly localTs?: readonly string[];
  /** Virtual addresses to ask for; one of each family unless told. */
  readonly virtualIps?: readonly string[];
  readonly gatewayId?: string;
  readonly retransmit?: number;
  readonly retransmitTries?: number;
  readonly name?: string;
}

/** How the phone proves who it is, and how the gateway has to. */
export type Login =
  | { readonly kind: 'psk'; readonly id: string; readonly secret: string }
  | {
      readonly kind: 'certificate';
      readonly id: string;
      readonly credential: Credential;
      readonly authority: string;
    };

/** The names of the connection and of its CHILD_SA in the phone. */
export const HOME = 'home';
export const NET = 'net';

export function startPhone(home: Home, options: PhoneOptions): Promise<Charon> {
  const { login, name = 'phone', retransmit, retransmitTries } = options;
  return Charon.start(home.lab, home.phone, {
    name,
    config: phoneConfig(options),
    files: filesOf(login),
    ...(retransmit === undefined ? {} : { retransmit }),
    ...(retransmitTries === undefined ? {} : { retransmitTries }),
  });
}

function phoneConfig(options: PhoneOptions): Settings {
  const {
    login,
    to = address.router,
    ike = SUITE.ike,
    esp = SUITE.esp,
    remoteTs = ['0.0.0.0/0', '::/0'],
    localTs = ['dynamic'],
    virtualIps = ['0.0.0.0', '::'],
    gatewayId = gatewayName,
  } = options;
  const connection: Settings = {
    version: 2,
    remote_addrs: to,
    proposals: ike,
    ...(virtualIps.length === 0 ? {} : { vips: virtualIps }),
    local: localSide(login),
    remote: { auth: login.kind === 'psk' ? 'psk' : 'pubkey', id: gatewayId },
    children: { [NET]: { local_ts: localTs, remote_ts: remoteTs, esp_proposals: esp } },
  };
  return { connections: { [HOME]: connection }, secrets: secretsOf(login) };
}

function localSide(login: Login): Settings {
  if (login.kind === 'psk') return { auth: 'psk', id: login.id };
  return { auth: 'pubkey', id: login.id, certs: 'own.pem' };
}

const secretsOf = (login: Login): Settings =>
  login.kind === 'psk' ? { 'ike-home': { id: gatewayName, secret: login.secret } } : {};

function filesOf(login: Login): CharonFiles {
  if (login.kind === 'psk') return {};
  const { certificate, key } = login.credential;
  return {
    authorities: { 'ca.pem': login.authority },
    certificates: { 'own.pem': certificate },
    keys: { 'own.pem': key },
  };
}

export const SUITE = { ike: 'aes128gcm16-prfsha256-x25519', esp: 'aes128gcm16-x25519' } as const;
