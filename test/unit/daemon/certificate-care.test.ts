// Certificates over the years, in virtual time.
import { expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { CertificateCare } from '../../../src/daemon/certificate-care.ts';
import type { CertificateFacts } from '../../../src/rpc/certificates.ts';
import { FakeClock } from './fakes.ts';

const day = 86_400;
const start = Date.UTC(2026, 10, 23) / 1000;
const authority: CertificateFacts = {
  kind: 'authority',
  name: 'home',
  subject: 'CN=ca',
  owner: undefined,
  issuer: 'CN=ca',
  serial: '01',
  names: [],
  notBefore: start,
  notAfter: start + 3650 * day,
  isOurs: false,
  isBelieved: true,
  revokedAt: undefined,
  file: '',
};
const gateway: CertificateFacts = {
  ...authority,
  ...{ kind: 'gateway', name: 'gateway', subject: 'CN=gw', isOurs: true },
  notAfter: start + 795 * day,
};

interface World {
  /** Days after the start, with what happened on them. */
  readonly diary: string[];
  pass(days: number): Promise<void>;
}

function live(certificates: CertificateFacts[], renewing: 'works' | 'fails', offset = 0): World {
  const clock = new FakeClock();
  const begin = clock.now();
  const diary: string[] = [];
  const now = () => new Date((start + offset * day) * 1000 + (clock.now() - begin));
  const today = () => Math.floor((now().getTime() / 1000 - start) / day);
  new CertificateCare({
    after: (delay, run) => clock.after(delay, run),
    now,
    report: (event) =>
      diary.push(
        `${today()} ${event.kind === 'certificate.expiring' ? `${event.name} ${event.days}` : ''}`,
      ),
    complain: (doing, why) => diary.push(`${today()} could not ${doing}: ${why}`),
    desk: {
      list: () => certificates,
      async renew({ name }) {
        if (renewing === 'fails') throw new Error('disk full');
        diary.push(`${today()} renewed ${name}`);
        const at = now().getTime() / 1000;
        const i = certificates.findIndex((one) => one.name === name);
        const ends = Math.min(at + 795 * day, authority.notAfter);
        const next = { ...gateway, notBefore: at, notAfter: ends };
        certificates[i] = next;
        return next;
      },
    },
  });
  return {
    diary,
    async pass(days) {
      for (let i = 0; i < days * 4; i++) {
        clock.pass(seconds(day / 4));
        for (let turn = 0; turn < 4; turn++) await Promise.resolve();
      }
    },
  };
}

test('renews the certificate of the gateway after two thirds of its life, again and again', async () => {
  const { diary, pass } = live([authority, gateway], 'works');

  await pass(1300);

  expect(diary).toEqual(['530 renewed gateway', '1061 renewed gateway']);
});

test('stops renewing when the authority ends as well, and warns of both', async () => {
  const { diary, pass } = live([authority, gateway], 'works');

  await pass(3652);

  expect(diary.filter((line) => line.includes('renewed'))).toHaveLength(6);
  expect(diary.find((line) => line.includes('home'))).toBe('3470 home 179');
  expect(diary.at(-1)).toMatch(/^365\d gateway -\d$/);
});

test('says when it cannot renew, tries again every day, and warns before the end', async () => {
  const { diary, pass } = live([authority, gateway], 'fails');

  await pass(780);

  expect(diary[0]).toBe("530 could not renew certificate 'gateway': disk full");
  expect(diary.filter((line) => line.includes('could not'))).toHaveLength(250);
  expect(diary.find((line) => line.includes('gateway 20'))).toBe('774 gateway 20');
});

test('warns of a certificate from elsewhere and of a device, and of nothing that was revoked', async () => {
  const acme = { ...gateway, name: 'acme', isOurs: false, notAfter: start + 30 * day };
  const phone = { ...acme, kind: 'device' as const, name: 'phone' };
  const lost = { ...phone, name: 'lost', revokedAt: start };
  const { diary, pass } = live([acme, phone, lost], 'works');

  await pass(11);

  expect(diary).toEqual(['9 acme 20', '9 phone 20', '10 acme 19', '10 phone 19']);
});

test('does nothing before the clock can be true', async () => {
  const { diary, pass } = live([authority, { ...gateway, notAfter: start }], 'works', -2000);

  await pass(1);

  expect(diary).toEqual([]);
});
