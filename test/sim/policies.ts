// Policies for simulated gateways and phones.

import { fromText } from '../../src/base/bytes.ts';
import { ip, prefixRange } from '../../src/base/ip.ts';
import { Secret } from '../../src/base/secret.ts';
import { milliseconds, seconds } from '../../src/base/time.ts';
import { anyIdentity, parseIdentity, parseIdentityPattern } from '../../src/policy/identity.ts';
import type { Connection, Policy } from '../../src/policy/policy.ts';
import { everything } from '../../src/policy/selectors.ts';
import { type Proposal, parseProposal } from '../../src/transforms/parse.ts';

export const lan = everything(prefixRange({ ip: ip('10.1.0.0'), bits: 24 }));

export function proposals(protocol: 'ike' | 'esp', ...texts: string[]): Proposal[] {
  return texts.map((text) => {
    const parsed = parseProposal(protocol, text);
    if (!parsed.ok) throw new Error(parsed.why);
    return parsed.proposal;
  });
}

export function identity(text: string) {
  const parsed = parseIdentity(text);
  if (!parsed) throw new Error(`not an identity: ${text}`);
  return parsed;
}

export function pattern(text: string) {
  const parsed = parseIdentityPattern(text);
  if (!parsed) throw new Error(`not a pattern: ${text}`);
  return parsed;
}

export function connection(fields: Partial<Connection> = {}): Connection {
  return {
    name: 'phones',
    role: 'responder',
    remote: [],
    localId: identity('home.example'),
    remoteId: anyIdentity,
    localAuth: 'psk',
    remoteAuth: ['psk'],
    remoteKeys: [],
    eapId: anyIdentity,
    login: undefined,
    ppkId: undefined,
    ppkRequired: false,
    peapUnbound: false,
    certificate: undefined,
    ike: proposals('ike', 'aes256gcm16-prfsha256-x25519-ecp256', 'aes256-sha256-ecp256'),
    esp: proposals('esp', 'aes256gcm16'),
    pool: 'phones',
    virtualIps: [],
    localTs: [lan],
    remoteTs: 'dynamic',
    encap: 'auto',
    fragmentSize: 1280,
    dpd: undefined,
    inactivity: undefined,
    mobike: true,
    ikeLifetime: undefined,
    childLifetime: undefined,
    childPackets: undefined,
    childBytes: undefined,
    reauthLifetime: undefined,
    unique: 'device',
    persistent: false,
    redirect: false,
    childless: 'allow',
    jitter: 0,
    ...fields,
  };
}

export function policy(connections: readonly Connection[], fields: Partial<Policy> = {}): Policy {
  return {
    connections,
    presharedKeys: [{ ids: [], secret: new Secret(fromText('correct horse battery staple')) }],
    ppks: [],
    certificates: [],
    authorities: [],
    timing: {
      retransmitBase: seconds(2),
      retransmitTries: 5,
      halfOpen: seconds(30),
      keepalive: undefined,
      question: milliseconds(10_000),
    },
    limits: {
      cookieThreshold: 30,
      cookieThresholdPerSource: 3,
      halfOpen: 1000,
      halfOpenPerSource: 20,
    },
    nattPort: 4500,
    keylog: false,
    ...fields,
  };
}

export const phone = (fields: Partial<Connection> = {}): Connection =>
  connection({
    name: 'home',
    role: 'initiator',
    localId: identity('anna@example.org'),
    remoteId: pattern('home.example'),
    pool: undefined,
    virtualIps: [ip('0.0.0.0')],
    localTs: 'dynamic',
    remoteTs: [lan],
    ...fields,
  });
