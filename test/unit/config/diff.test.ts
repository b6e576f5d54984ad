import { describe, expect, test } from 'vitest';
import { optionsForRestart, type Usable, whyStale } from '../../../src/config/diff.ts';
import { loadConfiguration } from '../../../src/config/load.ts';

const base = `
config service 'main'
	option identity 'vpn.example.org'

config pool 'guests'
	list range '10.3.0.0/24'

config certificate 'own'
	option file '/a'
	option key '/b'

config authority 'home'
	option file '/c'

config connection 'phones'
	option local_auth 'psk'
	option pool 'guests'

config connection 'cabin'
	option role 'initiator'
	list remote 'cabin.example.org'
	option local_auth 'psk'

config connection 'laptops'
	option pool 'guests'

config psk 'anna'
	list id 'anna@example.org'
	option secret 'correct horse battery staple'

config psk 'bert'
	list id 'bert@example.org'
	option secret 'another horse, another staple'
`;

function usable(
  text: string,
  authorities: readonly number[] = [1, 2],
  revoked: readonly string[] = [],
): Usable {
  const { configuration, problems } = loadConfiguration(text);
  if (!configuration) throw new Error(JSON.stringify(problems));
  const policy = {
    ...configuration.policy,
    certificates: [],
    authorities: authorities.map((byte) => new Uint8Array(20).fill(byte)),
  };
  return { configuration, policy, store: { revoked: new Set(revoked) } };
}
const changed = (before: string, now: string): Usable => {
  if (!base.includes(before)) throw new Error(before);
  return usable(base.replace(before, now));
};

const certificate = undefined;
const ppk = undefined;
const anna = { connection: 'phones', peer: 'anna@example.org', certificate, ppk };
const bert = { connection: 'phones', peer: 'bert@example.org', certificate, ppk };
const cabin = { connection: 'cabin', peer: 'cabin.example.org', certificate, ppk };
const laptop = { connection: 'laptops', peer: 'CN=anna', certificate: 'ca:01', ppk };

describe('a tunnel goes on', () => {
  test.each([
    ['nothing changed', "config pool 'guests'", "config pool 'guests'"],
    ['its pool has other addresses', '10.3.0.0/24', '10.4.0.0/24'],
    ['sections changed their places', "config psk 'anna'", "config psk 'carl'"],
    [
      'only how it is looked after is other',
      "local_auth 'psk'",
      "local_auth 'psk'\n\toption dpd 9",
    ],
    [
      'somebody else got a secret',
      "config psk 'bert'",
      "config psk\n\tlist id 'carl'\n\toption secret 'a third long secret'\n\nconfig psk 'bert'",
    ],
  ])('when %s', (_, before, now) => {
    for (const sa of [anna, bert, cabin, laptop]) {
      expect(whyStale(sa, usable(base), changed(before, now))).toBeUndefined();
    }
  });

  test('when only the secret of another changed', () => {
    const next = changed('correct horse', 'wrong horse');
    expect(whyStale(bert, usable(base), next)).toBeUndefined();
    expect(whyStale(anna, usable(base), next)).toBe('its shared secret changed');
  });

  test('when an authority came', () => {
    expect(whyStale(laptop, usable(base), usable(base, [1, 2, 3]))).toBeUndefined();
  });

  test('before it is known whose it is, and when an earlier reload hung it up', () => {
    const none = usable('');
    expect(
      whyStale({ connection: undefined, peer: undefined, certificate, ppk }, usable(base), none),
    ).toBeUndefined();
    expect(whyStale(anna, none, usable(base))).toBeUndefined();
  });
});

describe('a tunnel is told to go', () => {
  test.each([
    [anna, "connection 'phones'", "connection 'mobiles'", /not in the configuration any more/],
    [anna, "option local_auth 'psk'", "option enabled '0'\n\toption local_auth 'psk'", /any more/],
    [
      anna,
      "pool 'guests'\n\nconfig connection 'cabin'",
      "suite 'modern'\n\nconfig connection 'cabin'",
      /changed \(ike, esp, pool, local_ts\)/,
    ],
    [anna, "list id 'anna@example.org'", "list id 'dora@example.org'", /its shared secret changed/],
    [cabin, 'cabin.example.org', 'hut.example.org', /changed \(remote\)/],
    [cabin, "identity 'vpn", "identity 'gate", /changed \(local_id\)/],
  ])('%j when %s becomes %s', (sa, before, now, why) => {
    expect(whyStale(sa, usable(base), changed(before, now))).toMatch(why);
  });

  test('when an authority went that may have vouched for it', () => {
    const next = usable(base, [2]);
    expect(whyStale(laptop, usable(base), next)).toBe('an authority is not believed any more');
    expect(whyStale(anna, usable(base), next)).toBeUndefined();
    const narrowed = changed(
      "option file '/c'",
      "option file '/c'\n\toption vouches_for 'servers'",
    );
    expect(whyStale(laptop, usable(base), narrowed)).toBe('an authority is not believed any more');
    expect(whyStale(laptop, narrowed, usable(base))).toBeUndefined();
    // Within EAP-TLS, whatever else the connection takes.
    const within = { ...anna, certificate: 'ca:01' };
    expect(whyStale(within, usable(base), next)).toBe('an authority is not believed any more');
  });
});

test('a tunnel is told to go when its certificate was revoked, and no other', () => {
  const next = usable(base, [1, 2], ['ca:01']);
  expect(whyStale(laptop, usable(base), next)).toBe('its certificate was revoked');
  expect(whyStale({ ...laptop, certificate: 'ca:02' }, usable(base), next)).toBeUndefined();
});

test('sockets, device and threads wait for a restart; names and the log do not', () => {
  const service = (lines: string) =>
    usable(base.replace("option identity 'vpn.example.org'", lines)).configuration.service;
  const old = service("option identity 'vpn.example.org'");
  expect(optionsForRestart(old, service("option identity 'gate'\n\toption log 'debug'"))).toEqual(
    [],
  );
  expect(
    optionsForRestart(
      old,
      service(
        'option identity a\n\tlist listen 192.0.2.1\n\toption natt_port 4501\n\toption mtu 1300',
      ),
    ),
  ).toEqual(['listen', 'nattPort', 'mtu']);
});
