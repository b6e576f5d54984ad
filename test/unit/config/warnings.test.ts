// What works, but not as one may expect.
import { test } from 'vitest';
import { type Case, expectProblem } from './problem-cases.ts';

const warnings: Readonly<Record<string, Case>> = {
  'a misspelt option': {
    into: 'service',
    lines: "option idenity 'x'",
    option: 'idenity',
    why: /no such option: ignored/,
    cure: /Did you mean identity\?/,
  },
  'an option that resembles none': {
    into: 'authority',
    lines: "option colour 'x'",
    option: 'colour',
    why: /no such option: ignored/,
    cure: /Known are file/,
  },
  'an option of a later version': {
    into: 'phones',
    lines: "option eap_id 'anna'",
    option: 'eap_id',
    why: /not yet supported by this version: ignored/,
    cure: /later version/,
  },
  'a section type of a later version': {
    into: 'psk',
    lines: "config user 'anna'\noption password 'x'",
    option: '',
    why: /not yet supported by this version: ignored/,
    cure: /later version/,
  },
  'a misspelt section type': {
    into: 'psk',
    lines: "config conection 'x'",
    option: '',
    why: /no section type «conection»/,
    cure: /Did you mean connection\?/,
  },
  'a way of authentication of a later version': {
    into: 'phones',
    lines: 'list remote_auth pubkey\nlist remote_auth eap-tls',
    option: 'remote_auth',
    why: /eap-tls is not yet supported/,
    cure: /Remove it/,
    at: 1,
  },
  'a short secret in a connection': {
    into: 'shared',
    lines: "option psk 'hunter2'\noption remote_id boat",
    option: 'psk',
    why: /7 characters/,
    cure: /at least 16 random/,
  },
  'a short secret of its own section': {
    into: 'psk',
    lines: "config psk\nlist id boat\noption secret 'hunter2'",
    option: 'secret',
    why: /7 characters/,
    cure: /at least 16 random/,
    at: 2,
  },
  'two secrets for the same peers': {
    into: 'psk',
    lines: "config psk\nlist id any\noption secret 'another good long secret'",
    option: 'secret',
    why: /that of psk 'all', and is used instead/,
    cure: /whom it is for/,
    at: 2,
  },
  'a key log': {
    into: 'service',
    lines: "option keylog '/tmp/keys'",
    option: 'keylog',
    why: /whoever reads it can read the traffic/,
    cure: /Remove the option/,
  },
  'domains without a DNS server': {
    into: 'pool',
    lines: "list domain 'lan'",
    option: 'domain',
    why: /without a DNS server/,
    cure: /list dns/,
  },
  'a secret that nobody uses': {
    into: 'phones',
    lines: "option psk 'correct horse battery staple'",
    option: 'psk',
    why: /no effect: neither side/,
    cure: /correct local_auth and remote_auth/,
  },
  'a certificate that nobody shows': {
    into: 'shared',
    lines: "option certificate 'gateway'",
    option: 'certificate',
    why: /no effect: the gateway proves itself with a secret/,
    cure: /Remove it/,
  },
  'a pool at an initiator': {
    into: 'cabin',
    lines: "option pool 'roaming'",
    option: 'pool',
    why: /no effect: an initiator gives no addresses/,
    cure: /list virtual_ip/,
  },
  'a virtual address at a responder': {
    into: 'shared',
    lines: "list virtual_ip '0.0.0.0'",
    option: 'virtual_ip',
    why: /no effect: a responder asks for no address/,
    cure: /option pool/,
  },
  'an initiator that would believe any certificate': {
    into: 'cabin',
    lines: "list remote '192.0.2.1'\nlist remote_auth 'pubkey'",
    option: 'remote_id',
    why: /any certificate of a known authority/,
    cure: /Set option remote_id/,
  },
};

test.each(Object.entries(warnings))('warning: %s', (_, each) => expectProblem('warning', each));
