import { describe, expect, test } from 'vitest';
import { fromHex, toText } from '../../../src/base/bytes.ts';
import type { Configuration } from '../../../src/config/configuration.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { eapName, expiry, userName } from '../../../src/config/user-values.ts';
import { matchesIdentity, userIdentity } from '../../../src/policy/identity.ts';

/** RFC 2759 §9.2: the NT hash of «clientPass». */
const hash = '44ebba8d5312b8d611474411f56989ae';

const text = `
config certificate 'gateway'
	option file '/etc/ikev2/gw.pem'
	option key '/etc/ikev2/gw.key'

config authority 'home'
	option file '/etc/ikev2/ca.pem'

config connection 'phones'
	list remote_auth 'eap-mschapv2'
	list remote_auth 'eap-tls'
	option eap_id '*@Home.example'

config connection 'work'
	option role 'initiator'
	option local_auth 'eap-mschapv2'
	list remote 'work.example.org'

config user 'anna'
	option name 'anna@home.example'
	option password 'clientPass'
	option expires '2030-02-28'

config user 'bob'
	option name 'bob'
	option nthash '${hash}'
	option enabled '0'
	option connection 'phones'

config user 'me'
	option name 'carol'
	option password '0xword'
	option connection 'work'
`;

function load(): Configuration {
  const { problems, configuration } = loadConfiguration(text);
  expect(problems).toEqual([]);
  if (!configuration) throw new Error('an error');
  return configuration;
}

describe('sections user', () => {
  test('are the accounts of those who may log in here', () => {
    expect(load().accounts).toMatchObject([
      { name: 'anna@home.example', enabled: true, connection: undefined },
      { name: 'bob', enabled: false, connection: 'phones' },
    ]);
  });

  test('keep the hash of a password, and nothing else of it', () => {
    const hashes = load().accounts.map(({ ntHash }) => ntHash?.bytes);

    expect(hashes).toEqual([fromHex(hash), fromHex(hash)]);
  });

  test('of a connection that we dial say who we are there, and let nobody in here', () => {
    const { policy, accounts } = load();
    const work = policy.connections.find(({ name }) => name === 'work');

    expect(work).toMatchObject({ login: { name: 'carol' }, remoteAuth: ['pubkey'] });
    expect(work?.login && toText(work.login.password.bytes)).toBe('0xword');
    expect(work?.localId && toText(work.localId.data)).toBe('carol');
    expect(accounts.map(({ name }) => name)).not.toContain('carol');
  });

  test('log in after a certificate, which has a name of its own', () => {
    const { problems, configuration } = loadConfiguration(
      text
        .replace("local_auth 'eap-mschapv2'", "local_auth 'pubkey+eap-mschapv2'")
        .replace("list remote_auth 'eap-mschapv2'", "list remote_auth 'pubkey+eap-mschapv2'"),
    );
    const [phones, work] = configuration?.policy.connections ?? [];

    expect(problems).toEqual([]);
    expect(phones?.remoteAuth).toEqual(['pubkey+eap-mschapv2', 'eap-tls']);
    expect(work).toMatchObject({ login: { name: 'carol' }, remoteAuth: ['pubkey'] });
    expect(work?.localId).toBeUndefined();
  });

  test('end with their last day, in UTC', () => {
    const [anna] = load().accounts;

    expect(new Date(anna?.expires ?? 0).toISOString()).toBe('2030-02-28T23:59:59.999Z');
  });

  test('are let in by option eap_id, whatever the case of the domain', () => {
    const phones = load().policy.connections.find(({ name }) => name === 'phones');
    const fits = (name: string) => phones && matchesIdentity(phones.eapId, userIdentity(name));

    expect(fits('anna@home.example')).toBe(true);
    expect(fits('ANNA@HOME.EXAMPLE')).toBe(true);
    expect(fits('anna@home.example.org')).toBe(false);
    expect(fits('anna')).toBe(false);
  });
});

test.each(['', ' anna', 'a\nb', 'HOME\\anna', 'an*', 'x'.repeat(254)])(
  '«%s» is not a user name',
  (name) => {
    expect(userName.schema.safeParse(name).success).toBe(false);
  },
);
test.each(['anna', 'Anna Müller', 'anna@home.example', '10.0.0.1', 'x'.repeat(253)])(
  '«%s» is a user name',
  (name) => {
    expect(userName.schema.safeParse(name).success).toBe(true);
  },
);
test.each(['any', '%any', '*'])('eap_id %s lets everybody in', (word) => {
  expect(eapName.schema.parse(word).pattern).toEqual({ kind: 'any' });
});
test('eap_id of something like an address is a user name all the same', () => {
  const { pattern } = eapName.schema.parse('10.0.0.1');

  expect(matchesIdentity(pattern, userIdentity('10.0.0.1'))).toBe(true);
});
test.each([
  '',
  '2030-02-30',
  '2030-13-01',
  '2030-1-1',
  '01.01.2030',
  '2030-01-01T00:00',
  '2030-01-01T25:00Z',
])('«%s» is not a day', (day) => {
  expect(expiry.schema.safeParse(day).success).toBe(false);
});
