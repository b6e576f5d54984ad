// A phone: strongSwan dialling home the way phones do, asking for everything and for an address of each family.
import type { Credential } from './certificates.ts';
import { Charon, type CharonFiles, type CharonVersion } from './charon.ts';
import { address, type Home } from './home.ts';
import type { Namespace } from './namespace.ts';
import type { Settings } from './swanctl.ts';

/** What the gateway calls itself in the lab. */
export const gatewayName = 'vpn.example.org';

/** One way to dial home; what is not told is as phones do it. */
export interface Dial {
  readonly login: Login;
  /** The router's IPv4 address unless told. */
  readonly to?: string;
  readonly ike?: string;
  readonly esp?: string;
  /** What it asks for; everything unless told. */
  readonly remoteTs?: readonly string[];
  /** What the gateway must call itself; its name in the lab unless told. */
  readonly remoteId?: string;
  /** Virtual addresses to ask for; one of each family unless told. */
  readonly virtualIps?: readonly string[];
  /** Seconds of silence before it probes; never unless told. */
  readonly dpd?: number;
  /** Further settings of the connection. */
  readonly settings?: Settings;
}

/** How the phone proves who it is; the gateway has to do likewise. */
export type Login =
  | { readonly kind: 'psk'; readonly id: string; readonly secret: string }
  | {
      readonly kind: 'certificate';
      readonly id: string;
      readonly credential: Credential;
      /** PEM of the authority that the phone trusts. */
      readonly authority: string;
      /** Authorities between that and its certificate, which it sends along; PEM. */
      readonly links?: readonly string[];
    }
  | {
      readonly kind: 'eap';
      /** `eap` takes whatever method the gateway wants. */
      readonly method: 'eap' | 'eap-mschapv2' | 'eap-gtc' | 'eap-tls' | 'eap-ttls';
      readonly id: string;
      /** What it answers when EAP asks who it is; its identity unless told. */
      readonly eapId?: string;
      readonly password?: string;
      readonly credential?: Credential;
      readonly authority: string;
      /** How the gateway proves itself: by its certificate, unless by EAP alone (RFC 5998). */
      readonly gateway?: 'pubkey' | 'eap-tls' | 'eap-ttls';
    };

export interface PhoneOptions {
  readonly name?: string;
  /** strongSwan's, if not this machine's. */
  readonly version?: CharonVersion;
  /** Seconds to the first retransmission. */
  readonly retransmit?: number;
  readonly retransmitTries?: number;
  readonly fragmentSize?: number;
  /** Reauthenticates before it hangs up, not after. */
  readonly makeBeforeBreak?: boolean;
  /** The host that it is, if it is not the home's phone. */
  readonly host?: Namespace;
  /** Settings of plugins, by their names. */
  readonly plugins?: Settings;
  /** Further secrets, besides those that it proves itself with. */
  readonly secrets?: Settings;
}

export const SUITE = { ike: 'aes128gcm16-prfsha256-x25519', esp: 'aes128gcm16-x25519' } as const;

/** @param dials by name; the connection and its CHILD_SA are both called so */
export function startPhone(
  home: Home,
  dials: Readonly<Record<string, Dial>>,
  { name = 'phone', host = home.phone, secrets, ...timing }: PhoneOptions = {},
): Promise<Charon> {
  const entries = Object.entries(dials);
  const config: Settings = {
    connections: Object.fromEntries(entries.map(([key, dial]) => [key, connectionOf(key, dial)])),
    secrets: {
      ...Object.fromEntries(entries.flatMap(([key, dial]) => secretOf(key, dial))),
      ...secrets,
    },
  };
  return Charon.start(home.lab, host, { name, config, files: filesOf(dials), ...timing });
}

function connectionOf(name: string, dial: Dial): Settings {
  const { login, to = address.router, ike = SUITE.ike, esp = SUITE.esp } = dial;
  const { remoteTs = ['0.0.0.0/0', '::/0'], virtualIps = ['0.0.0.0', '::'] } = dial;
  const { remoteId = gatewayName } = dial;
  return {
    version: 2,
    remote_addrs: to,
    proposals: ike,
    dpd_delay: dial.dpd === undefined ? undefined : `${dial.dpd}s`,
    vips: virtualIps.length === 0 ? undefined : virtualIps,
    local: localSide(name, login),
    remote: { auth: gatewayAuth(login), id: remoteId },
    children: { [name]: { local_ts: 'dynamic', remote_ts: remoteTs, esp_proposals: esp } },
    ...dial.settings,
  };
}

function gatewayAuth(login: Login): string {
  if (login.kind === 'psk') return 'psk';
  return login.kind === 'eap' ? (login.gateway ?? 'pubkey') : 'pubkey';
}

function localSide(name: string, login: Login): Settings {
  if (login.kind === 'psk') return { auth: 'psk', id: login.id };
  if (login.kind === 'eap') {
    const { method: auth, id, eapId, credential } = login;
    return { auth, id, eap_id: eapId ?? id, certs: credential && `${name}.pem` };
  }
  return { auth: 'pubkey', id: login.id, certs: `${name}.pem` };
}

function secretOf(name: string, { login }: Dial): [string, Settings][] {
  if (login.kind === 'eap' && login.password !== undefined) {
    return [[`eap-${name}`, { id: login.eapId ?? login.id, secret: login.password }]];
  }
  if (login.kind !== 'psk') return [];
  const owners = { 'id-own': login.id, 'id-gateway': gatewayName };
  return [[`ike-${name}`, { ...owners, secret: login.secret }]];
}

function filesOf(dials: Readonly<Record<string, Dial>>): CharonFiles {
  const authorities: Record<string, string> = {};
  const certificates: Record<string, string> = {};
  const keys: Record<string, string> = {};
  for (const [name, { login }] of Object.entries(dials)) {
    if (login.kind === 'psk') continue;
    authorities[`${name}.pem`] = login.authority;
    const links = login.kind === 'certificate' ? (login.links ?? []) : [];
    for (const [i, link] of links.entries()) authorities[`${name}-${i}.pem`] = link;
    if (!login.credential) continue;
    certificates[`${name}.pem`] = login.credential.certificate;
    keys[`${name}.pem`] = login.credential.key;
  }
  return { authorities, certificates, keys };
}
