import { beforeAll, describe, expect, test } from 'vitest';
import {
  type CertificateOptions,
  extension,
  issue,
  type LabCertificate,
  makeCa,
  selfSigned,
  unknownCritical,
} from '../../lab/pki.ts';
import { judge, type Question, refused } from './anchors.ts';

let root: LabCertificate;
beforeAll(async () => {
  root = await makeCa({ name: 'C=CH, O=Home, CN=Home Root' });
});
const fresh = (options: CertificateOptions) => issue(root, options);

describe('time', () => {
  const day = (text: string) => new Date(`${text}T00:00:00Z`);

  test('an expired certificate is refused with both dates', async () => {
    const old = await fresh({ name: 'CN=old', notAfter: day('2024-05-01') });
    expect(await judge([old], { trusted: [root] })).toEqual(
      refused('expired', 'CN=old', '2024-05-01 00:00 UTC', '2026-06-01'),
    );
  });

  test('a certificate of tomorrow is refused', async () => {
    const early = await fresh({ name: 'CN=early', notBefore: day('2026-06-02') });
    expect(await judge([early], { trusted: [root] })).toEqual(
      refused('not-yet-valid', 'CN=early', '2026-06-02'),
    );
  });

  test('both ends of the validity belong to it (RFC 5280 §4.1.2.5)', async () => {
    const [notBefore, notAfter] = [day('2026-01-01'), day('2026-02-01')];
    const peer = await fresh({ notBefore, notAfter });
    const causeAt = async (at: Date) => {
      const verdict = await judge([peer], { trusted: [root], at });
      return verdict.ok ? 'ok' : verdict.cause;
    };
    expect(await causeAt(new Date(notBefore.getTime() - 1))).toBe('not-yet-valid');
    expect(await causeAt(notBefore)).toBe('ok');
    expect(await causeAt(notAfter)).toBe('ok');
    expect(await causeAt(new Date(notAfter.getTime() + 1))).toBe('expired');
  });

  test('an expired intermediate or authority is refused and named', async () => {
    const stale = await makeCa({ name: 'CN=Stale', notAfter: day('2025-01-01') }, root);
    const peer = await issue(stale, {});
    expect(await judge([peer, stale], { trusted: [root] })).toEqual(refused('expired', 'CN=Stale'));
    expect(await judge([peer], { trusted: [stale] })).toEqual(refused('expired', 'CN=Stale'));
  });

  test('times after 2038 and after 2049 (GeneralizedTime) hold', async () => {
    const ca = await makeCa({ notAfter: day('2120-01-01') });
    const peer = await issue(ca, { notAfter: day('2101-01-01') });
    for (const at of ['2039-01-01', '2070-01-01', '2100-12-31']) {
      expect(await judge([peer], { trusted: [ca], at: day(at) })).toMatchObject({ ok: true });
    }
    expect(await judge([peer], { trusted: [ca], at: day('2101-01-02') })).toEqual(
      refused('expired'),
    );
  });

  test('a router that woke up in 1970 blames its clock, not the certificate', async () => {
    const at = new Date(60_000);
    expect(await judge([await fresh({})], { trusted: [root], at, plausible: false })).toEqual(
      refused('clock', 'clock says 1970-01-01 00:01 UTC'),
    );
  });

  test('a wrong clock excuses nothing else', async () => {
    const stranger = await selfSigned({});
    const question: Question = { trusted: [root], plausible: false };
    expect(await judge([stranger], question)).toMatchObject({ cause: 'untrusted' });
    const wrong = await fresh({ eku: ['emailProtection'] });
    expect(await judge([wrong], question)).toMatchObject({ cause: 'purpose' });
  });
});

describe('purpose', () => {
  test.each([
    ['clientAuth', 'client', true],
    ['clientAuth', 'server', false],
    ['serverAuth', 'server', true],
    ['serverAuth', 'client', false],
    ['ipsecIKE', 'client', true],
    ['ipsecIKE', 'server', true],
    ['any', 'client', true],
    ['any', 'server', true],
    ['emailProtection', 'client', false],
    ['emailProtection', 'server', false],
  ] as const)('%s as %s: %s', async (eku, purpose, ok) => {
    const peer = await fresh({ name: 'CN=peer', eku: [eku] });
    const verdict = await judge([peer], { trusted: [root], purpose });
    if (ok) expect(verdict).toMatchObject({ ok });
    else expect(verdict).toEqual(refused('purpose', 'CN=peer', purpose, 'extendedKeyUsage'));
  });

  test('a client may stay silent about it, a server may not', async () => {
    const peer = await fresh({ name: 'CN=silent', eku: [] });
    expect(await judge([peer], { trusted: [root] })).toMatchObject({ ok: true });
    expect(await judge([peer], { trusted: [root], purpose: 'server' })).toEqual(
      refused('purpose', 'CN=silent', 'serverAuth'),
    );
  });

  test('the purposes of an authority bound what it issues', async () => {
    const mail = await makeCa({ name: 'CN=Mail CA', eku: ['emailProtection'] }, root);
    const peer = await issue(mail, { eku: ['clientAuth'] });
    expect(await judge([peer, mail], { trusted: [root] })).toEqual(
      refused('purpose', 'CN=Mail CA'),
    );
  });

  test.each([
    ['digitalSignature', ['digitalSignature'], true],
    ['nonRepudiation (RFC 4945 §5.1.3.2)', ['nonRepudiation'], true],
    ['nothing said', [], true],
    ['keyEncipherment alone', ['keyEncipherment'], false],
    ['decipherOnly, in the second byte', ['decipherOnly'], false],
  ] as const)('keyUsage %s: %j', async (_, keyUsage, ok) => {
    const peer = await fresh({ name: 'CN=peer', keyUsage });
    const verdict = await judge([peer], { trusted: [root] });
    if (ok) expect(verdict).toMatchObject({ ok });
    else expect(verdict).toEqual(refused('purpose', 'CN=peer', 'keyUsage'));
  });
});

describe('constraints', () => {
  test('who is no authority issues nothing', async () => {
    for (const ca of [false, undefined]) {
      const user = await issue(
        root,
        ca === undefined ? { name: 'CN=user' } : { name: 'CN=user', ca },
      );
      const peer = await issue(user, {});
      expect(await judge([peer, user], { trusted: [root] })).toEqual(
        refused('constraint', 'CN=user', 'no authority'),
      );
    }
  });

  test('an authority is no peer, whatever its keyUsage allows (attack 5)', async () => {
    const keyUsage = ['keyCertSign', 'digitalSignature'] as const;
    const ca = await makeCa({ name: 'CN=Middle', eku: ['clientAuth'], keyUsage }, root);
    expect(await judge([ca], { trusted: [root] })).toEqual(
      refused('constraint', 'CN=Middle', 'of an authority'),
    );
    expect(await judge([ca], { trusted: [ca] })).toMatchObject({ ok: true });
  });

  test('an authority must be allowed to sign certificates', async () => {
    const ca = await makeCa({ name: 'CN=Lame', keyUsage: ['cRLSign'] }, root);
    const peer = await issue(ca, {});
    expect(await judge([peer, ca], { trusted: [root] })).toEqual(
      refused('constraint', 'CN=Lame', 'may not sign certificates'),
    );
  });

  test('the path length of an intermediate and of the root is kept', async () => {
    const tight = await makeCa({ name: 'CN=Tight', pathLength: 0 });
    const direct = await issue(tight, {});
    expect(await judge([direct], { trusted: [tight] })).toMatchObject({ ok: true });
    const below = await makeCa({ name: 'CN=Below' }, tight);
    const peer = await issue(below, {});
    expect(await judge([peer, below], { trusted: [tight] })).toEqual(
      refused('constraint', 'CN=Tight', 'allows 0', 'there are 1'),
    );
    // RFC 5280 §6.1.4 (l): a new key of the same authority does not count.
    const renewed = await makeCa({ name: 'CN=Tight', pathLength: 0 }, tight);
    const late = await issue(renewed, {});
    expect(await judge([late, renewed], { trusted: [tight] })).toMatchObject({ ok: true });
  });

  test('an unknown critical extension is refused and named, an uncritical one is not', async () => {
    const peer = await fresh({ name: 'CN=odd', extensions: [unknownCritical()] });
    expect(await judge([peer], { trusted: [root] })).toEqual(
      refused('constraint', 'CN=odd', '1.3.6.1.4.1.55555.1'),
    );
    const ca = await makeCa({ name: 'CN=Odd CA', extensions: [unknownCritical()] }, root);
    const below = await issue(ca, {});
    expect(await judge([below, ca], { trusted: [root] })).toEqual(
      refused('constraint', 'CN=Odd CA'),
    );
    const harmless = extension('1.3.6.1.4.1.55555.1', false, Uint8Array.of(5, 0));
    const fine = await fresh({ extensions: [harmless] });
    expect(await judge([fine], { trusted: [root] })).toMatchObject({ ok: true });
  });

  test('critical policy constraints are not ignored', async () => {
    const policyConstraints = extension(
      '2.5.29.36',
      true,
      Uint8Array.of(0x30, 0x03, 0x80, 0x01, 0x00),
    );
    const ca = await makeCa({ name: 'CN=Strict', extensions: [policyConstraints] }, root);
    const peer = await issue(ca, {});
    expect(await judge([peer, ca], { trusted: [root] })).toEqual(
      refused('constraint', '2.5.29.36'),
    );
  });

  test('signatures with SHA-1 and keys below 2048 bits are refused', async () => {
    const rsa = await makeCa({ name: 'CN=RSA CA', key: 'rsa2048' });
    const sha1 = await issue(rsa, { name: 'CN=sha1', hash: 'SHA-1' });
    expect(await judge([sha1], { trusted: [rsa] })).toEqual(
      refused('constraint', 'CN=sha1', 'weak'),
    );
    const weak = await makeCa({ name: 'CN=Weak CA', key: 'rsa1024' });
    const below = await issue(weak, {});
    expect(await judge([below], { trusted: [weak] })).toEqual(
      refused('constraint', 'CN=Weak CA', '1024 bits'),
    );
    const peer = await issue(rsa, { name: 'CN=small', key: 'rsa1024' });
    expect(await judge([peer], { trusted: [rsa] })).toEqual(
      refused('constraint', 'CN=small', '1024'),
    );
  });

  test('the signature of a root by itself does not matter: the owner vouches for it', async () => {
    const old = await makeCa({ key: 'rsa2048', hash: 'SHA-1' });
    const peer = await issue(old, {});
    expect(await judge([peer], { trusted: [old] })).toMatchObject({ ok: true });
  });
});
