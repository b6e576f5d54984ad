import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import type { Account } from '../../../src/config/configuration.ts';
import { findAccount, fixedFor, whyOut } from '../../../src/daemon/accounts.ts';
import { accountOf } from '../../sim/users.ts';

const account = (fields: Partial<Account>): Account =>
  accountOf({ ntHash: new Secret(new Uint8Array(16)), ...fields });

describe('an account', () => {
  test.each(['anna', 'Anna', 'HOME\\anna', 'home\\ANNA'])('is found as %s', (name) => {
    const found = findAccount([account({ name: 'bob' }), account({})], name, 0);

    expect(found).toMatchObject({ ok: true, name: 'anna', connections: undefined });
  });

  test.each(['', 'ann', 'anna@home.example', 'anna\\', 'HOME/anna'])(
    'is not found as %s',
    (name) => {
      expect(findAccount([account({})], name, 0)).toMatchObject({ ok: false });
    },
  );

  test('may be for one connection alone', () => {
    const found = findAccount([account({ connection: 'phones' })], 'anna', 0);

    expect(found).toMatchObject({ connections: ['phones'] });
  });

  test.each([
    ['disabled', { enabled: false }, 0, false],
    ['on its last day', { expires: 1000 }, 1000, true],
    ['after its last day', { expires: 1000 }, 1001, false],
  ])('%s', (_, fields, now, ok) => {
    expect(findAccount([account(fields)], 'anna', now).ok).toBe(ok);
  });
});

describe('the password before', () => {
  const hash = (fill: number) => new Secret(new Uint8Array(16).fill(fill));
  const former = { ntHash: hash(1), until: 1000 };
  const cabin = account({ kind: 'device', name: 'cabin', ntHash: hash(2), former });
  const sa = { user: 'cabin', certificate: undefined, connection: 'phones' };

  test('lets in until its time is over', () => {
    expect(findAccount([cabin], 'cabin', 999)).toMatchObject({ ok: true, former: former.ntHash });
    const later = findAccount([cabin], 'cabin', 1000);
    expect(later.ok && later.former).toBeUndefined();
  });

  test('keeps the tunnel that came in by it, so that the new one can be carried through it', () => {
    const old = [account({ ...cabin, ntHash: hash(1), former: undefined })];
    expect(whyOut(sa, old, [cabin], 999)).toBeUndefined();
    expect(whyOut(sa, old, [cabin], 1000)).toBe('its password changed');
    expect(whyOut(sa, [{ ...cabin, ntHash: hash(3) }], [cabin], 999)).toBe('its password changed');
  });
});

describe('while the clock cannot be true', () => {
  // A router without a battery starts in 1970, where no last day is over: whoever's account had ended came in again until
  // the router had the time.
  const soon = { expires: Date.UTC(2027, 0, 1) };
  const found = (...all: readonly Account[]) => findAccount(all, 'anna-iphone', 5000, false);
  const phone = account({ kind: 'device', name: 'anna-iphone' });

  test.each([
    ['a device', [account({ ...phone, ...soon })]],
    ['the device of a user', [account(soon), account({ ...phone, owner: 'anna' })]],
  ])('%s with a last day waits, and the owner reads why', (_, all) => {
    expect(found(...all)).toMatchObject({
      ...{ ok: false, cause: 'clock-wrong' },
      why: expect.stringMatching(/until 2027-01-01, and the router's clock says 1970-01-01/),
    });
  });

  test('who has no last day comes in', () => {
    expect(found(account({}), phone)).toMatchObject({ ok: true });
  });

  test('a tunnel that stands is left alone', () => {
    const sa = { user: 'anna', certificate: undefined, connection: 'phones' };
    const all = [account(soon)];
    expect(whyOut(sa, all, all, 5000)).toBeUndefined();
  });
});

describe('a device', () => {
  const anna = account({ connection: 'phones' });
  const phone = account({ kind: 'device', name: 'anna-iphone', owner: 'Anna' });
  const found = (...all: readonly Account[]) => findAccount(all, 'anna-iphone', 1000);

  test('logs in as itself, where its owner may', () => {
    expect(found(anna, phone)).toMatchObject({
      ok: true,
      name: 'anna-iphone',
      connections: ['phones'],
    });
  });

  test.each([
    ['is revoked', anna, { ...phone, revoked: 0 }, 'the device «anna-iphone» was revoked on 1970'],
    [
      'has expired',
      anna,
      { ...phone, expires: 999 },
      'account of device «anna-iphone» has expired',
    ],
    ['is of a disabled user', { ...anna, enabled: false }, phone, 'the user «anna» is disabled'],
    ['is of an expired user', { ...anna, expires: 1 }, phone, 'of user «anna» has expired'],
    ['has a certificate', anna, { ...phone, ntHash: undefined }, 'has no password'],
  ])('that %s is refused, and the owner reads why', (_, owner, device, why) => {
    expect(found(owner, device)).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });
});

describe('a tunnel', () => {
  const anna = account({ connection: 'phones' });
  const tablet = account({
    kind: 'device',
    name: 'tablet',
    certificate: '0a0b',
    ntHash: undefined,
  });
  const byPassword = { user: 'anna', certificate: undefined, connection: 'phones' };
  const byCertificate = { user: undefined, certificate: 'ca:0a0b', connection: 'phones' };
  const other = new Secret(new Uint8Array(16).fill(1));

  test.each([
    ['stays when nothing changed', byPassword, [anna], undefined],
    [
      'stays when its user is written otherwise',
      byPassword,
      [{ ...anna, name: 'Anna' }],
      undefined,
    ],
    ['of a pre-shared key is nobody’s', { ...byPassword, user: undefined }, [], undefined],
    ['ends with its user', byPassword, [], '«anna» is not among the users'],
    ['ends when its user is disabled', byPassword, [{ ...anna, enabled: false }], 'is disabled'],
    [
      'ends when its password changes',
      byPassword,
      [{ ...anna, ntHash: other }],
      'password changed',
    ],
    [
      'ends when its user is for another connection',
      byPassword,
      [{ ...anna, connection: 'office' }],
      'another connection',
    ],
    [
      'of a certificate and a password ends when the password changes',
      { ...byCertificate, user: 'anna' },
      [{ ...anna, ntHash: other }, tablet],
      'password changed',
    ],
    ['of a certificate stays with its device', byCertificate, [anna, tablet], undefined],
    ['of a certificate that is no device’s stays', byCertificate, [anna], undefined],
    [
      'of a certificate ends when its device is revoked',
      byCertificate,
      [anna, { ...tablet, revoked: 1 }],
      'was revoked',
    ],
  ])('%s', (_, sa, next, why) => {
    const out = whyOut(sa, [anna, tablet], next, 1000);

    if (why === undefined) expect(out).toBeUndefined();
    else expect(out).toContain(why);
  });
});

// A serial number is unique for its issuer alone: an authority of elsewhere, believed here too, could give its own
// certificate the number of a device, and with it came the address that is the device's.
describe('a serial number that two authorities gave', () => {
  const tablet = account({
    ...{ kind: 'device', name: 'tablet', certificate: '0a0b', issuer: 'ca', ntHash: undefined },
    addresses: [ip('10.3.0.9')],
  });

  test('gives the address of the device to the certificate of its issuer alone', () => {
    const addresses = (certificate: string) => fixedFor([tablet], { user: undefined, certificate });

    expect(addresses('ca:0a0b')).toEqual(['10.3.0.9']);
    expect(addresses('ab:0a0b')).toEqual([]);
  });

  test('bars both when the device is revoked', () => {
    const sa = { user: undefined, certificate: 'ab:0a0b', connection: 'phones' };

    expect(whyOut(sa, [tablet], [{ ...tablet, revoked: 1 }], 1000)).toContain('was revoked');
  });
});
