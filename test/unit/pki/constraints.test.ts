import { describe, expect, test } from 'vitest';
import { fromHex, fromText } from '../../../src/base/bytes.ts';
import { hasOpenssl, openssl } from '../../lab/openssl.ts';
import {
  type CertificateOptions,
  extension,
  issue,
  type LabCertificate,
  makeCa,
} from '../../lab/pki.ts';
import { certificateOf, judge, refused } from './anchors.ts';
import { element } from './build-der.ts';

const email = (text: string) => element(0x81, fromText(text));
const dns = (text: string) => element(0x82, fromText(text));
const ip = (hex: string) => element(0x87, fromHex(hex));
const uri = (text: string) => element(0x86, fromText(text));
const subject = (...rdns: readonly Uint8Array[]) => element(0xa4, element(0x30, ...rdns));
/** One attribute of a name; the string type is the caller's. */
const rdn = (oid: string, text: string, tag = 0x0c) =>
  element(0x31, element(0x30, element(0x06, fromHex(oid)), element(tag, fromText(text))));
const [country, organization] = ['550406', '55040a'];
const home = subject(rdn(country, 'CH', 0x13), rdn(organization, 'Home'));

/** An authority that is bound, and a verdict on what it issues. */
async function boundBy(permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []) {
  const subtrees = (tag: number, bases: readonly Uint8Array[]) =>
    bases.length === 0 ? [] : [element(tag, ...bases.map((base) => element(0x30, base)))];
  const value = element(0x30, ...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded));
  const extensions = [extension('2.5.29.30', true, value)];
  const ca = await makeCa({ name: 'CN=Bound CA', extensions });
  return async (options: CertificateOptions) => {
    const peer = await issue(ca, { name: 'C=CH, O=Home, CN=anna', ...options });
    return { ca, peer, verdict: await judge([peer], { trusted: [ca] }) };
  };
}
const outside = refused('constraint', 'by «CN=Bound CA»');

describe('name constraints (RFC 5280 §4.2.1.10)', () => {
  const allowed = true;
  test.each<[string, Uint8Array[], Uint8Array[], CertificateOptions, boolean]>([
    ['a host in its domain', [dns('example.org')], [], { san: ['vpn.example.org'] }, allowed],
    ['the domain itself', [dns('example.org')], [], { san: ['example.org'] }, allowed],
    ['a host in capitals', [dns('example.org')], [], { san: ['VPN.Example.ORG'] }, allowed],
    ['a host elsewhere', [dns('example.org')], [], { san: ['vpn.example.com'] }, !allowed],
    [
      'a host that only ends alike',
      [dns('example.org')],
      [],
      { san: ['notexample.org'] },
      !allowed,
    ],
    [
      'one good and one bad host',
      [dns('example.org')],
      [],
      { san: ['a.example.org', 'b.test'] },
      !allowed,
    ],
    ['a domain with a leading dot', [dns('.example.org')], [], { san: ['a.example.org'] }, allowed],
    [
      'the domain under a leading dot',
      [dns('.example.org')],
      [],
      { san: ['example.org'] },
      !allowed,
    ],
    ['an excluded host', [], [dns('lan')], { san: ['nas.lan'] }, !allowed],
    ['an excluded host in capitals', [], [dns('lan')], { san: ['NAS.LAN'] }, !allowed],
    ['an excluded host with a final dot', [], [dns('lan')], { san: ['nas.lan.'] }, !allowed],
    ['an excluded host as a wildcard', [], [dns('lan')], { san: ['*.lan'] }, !allowed],
    [
      'permitted, and excluded within',
      [dns('example.org')],
      [dns('a.example.org')],
      { san: ['x.a.example.org'] },
      !allowed,
    ],
    ['every host excluded', [], [dns('')], { san: ['a.b'] }, !allowed],
    ['hosts excluded, no host there', [], [dns('')], { san: ['anna@a.b'] }, allowed],
    ['a mailbox at its host', [email('home.example')], [], { san: ['anna@home.example'] }, allowed],
    [
      'a mailbox below its host',
      [email('home.example')],
      [],
      { san: ['anna@x.home.example'] },
      !allowed,
    ],
    [
      'a mailbox below its domain',
      [email('.home.example')],
      [],
      { san: ['anna@x.home.example'] },
      allowed,
    ],
    [
      'just this mailbox',
      [email('anna@home.example')],
      [],
      { san: ['Anna@home.example'] },
      allowed,
    ],
    ['another mailbox', [email('anna@home.example')], [], { san: ['ben@home.example'] }, !allowed],
    [
      'a mail address in the subject',
      [],
      [email('home.example')],
      { name: 'CN=a, E=anna@home.example' },
      !allowed,
    ],
    ['an address in its network', [ip('0a000000ff000000')], [], { san: ['10.1.2.3'] }, allowed],
    [
      'an address beside its network',
      [ip('0a000000ff000000')],
      [],
      { san: ['11.1.2.3'] },
      !allowed,
    ],
    ['within a mask with a hole', [ip('0a000100ff00ff00')], [], { san: ['10.9.1.3'] }, allowed],
    ['beside such a mask', [ip('0a000100ff00ff00')], [], { san: ['10.0.2.3'] }, !allowed],
    [
      'IPv6 where only IPv4 is allowed',
      [ip('0a000000ff000000')],
      [],
      { san: ['fd00::1'] },
      !allowed,
    ],
    ['an excluded address', [], [ip('0a000000ff000000')], { san: ['10.1.2.3'] }, !allowed],
    ['a subject below', [home], [], {}, allowed],
    ['a subject elsewhere', [home], [], { name: 'C=CH, O=Work, CN=anna' }, !allowed],
    [
      'a subject that only begins alike',
      [subject(rdn(country, 'CH'), rdn(organization, 'Ho'))],
      [],
      {},
      !allowed,
    ],
    ['a subject in another order', [home], [], { name: 'O=Home, C=CH, CN=anna' }, !allowed],
    ['an excluded subject', [], [home], {}, !allowed],
    [
      'an excluded subject in other letters',
      [],
      [home],
      { name: 'C=CH, O=hOME, CN=anna' },
      !allowed,
    ],
    [
      'an excluded subject in another encoding',
      [],
      [subject(rdn(country, 'CH'), rdn(organization, 'Home', 0x13))],
      {},
      !allowed,
    ],
    [
      'an excluded subject with more spaces',
      [],
      [subject(rdn(country, 'CH'), rdn(organization, 'Home  Net'))],
      { name: 'C=CH, O=Home Net, CN=a' },
      !allowed,
    ],
    [
      'a form that we cannot compare',
      [uri('example.org')],
      [],
      { san: ['https://example.org/'] },
      !allowed,
    ],
    ['such a form, no such name', [uri('example.org')], [], { san: ['a.test'] }, allowed],
  ])('%s', async (_, permitted, excluded, options, isAllowed) => {
    const { verdict } = await (await boundBy(permitted, excluded))(options);
    if (isAllowed) expect(verdict).toMatchObject({ ok: true });
    else expect(verdict).toEqual(outside);
  });

  test('hold through an unbound authority in between, and for its own name', async () => {
    const extensions = [
      extension('2.5.29.30', true, element(0x30, element(0xa0, element(0x30, home)))),
    ];
    const root = await makeCa({ name: 'CN=Bound CA', extensions });
    const middle = await makeCa({ name: 'C=CH, O=Home, CN=Middle' }, root);
    const inside = await issue(middle, { name: 'C=CH, O=Home, CN=anna' });
    expect(await judge([inside, middle], { trusted: [root] })).toMatchObject({ ok: true });
    const peer = await issue(middle, { name: 'C=CH, O=Work, CN=ben' });
    expect(await judge([peer, middle], { trusted: [root] })).toEqual(
      refused('constraint', 'CN=ben'),
    );
    const stray = await makeCa({ name: 'C=CH, O=Work, CN=Stray' }, root);
    const below = await issue(stray, { name: 'C=CH, O=Home, CN=anna' });
    expect(await judge([below, stray], { trusted: [root] })).toEqual(
      refused('constraint', 'CN=Stray'),
    );
  });

  test('BMPString subjects compare by their text', async () => {
    const bmp = new Uint8Array(fromHex('0048006f006d0065'));
    const wide = element(
      0x31,
      element(0x30, element(0x06, fromHex(organization)), element(0x1e, bmp)),
    );
    const check = await boundBy([subject(rdn(country, 'CH'), wide)]);
    expect((await check({})).verdict).toMatchObject({ ok: true });
  });

  test.skipIf(!hasOpenssl)(
    'the openssl command agrees on hosts, mailboxes, addresses and subjects',
    async () => {
      const permitted = [dns('example.org'), email('home.example'), ip('0a000000ff000000'), home];
      const check = await boundBy(permitted, [dns('lan.example.org')]);
      const cases: readonly CertificateOptions[] = [
        {},
        { san: ['vpn.example.org', 'anna@home.example', '10.9.9.9'] },
        { san: ['vpn.example.com'] },
        { san: ['nas.lan.example.org'] },
        { san: ['anna@example.org'] },
        { san: ['192.0.2.1'] },
        { san: ['fd00::1'] },
        { name: 'C=CH, O=Work, CN=anna' },
      ];
      for (const options of cases) {
        const { ca, peer, verdict } = await check(options);
        expect(isVerified(ca, peer)).toBe(verdict.ok);
      }
    },
  );
});

test('250 names against 500 constraints are still compared', async () => {
  const bases = Array.from({ length: 250 }, (_, i) => dns(`zone${i}.example`));
  const check = await boundBy(
    bases,
    bases.map(() => dns('nowhere.example')),
  );
  const san = Array.from({ length: 250 }, (_, i) => `host.zone${i}.example`);
  const { peer, ca, verdict } = await check({ san });
  expect(verdict).toMatchObject({ ok: true });
  expect(certificateOf(peer.der).extensions.names).toHaveLength(250);
  expect(certificateOf(ca.der).extensions.constraints?.permitted).toHaveLength(250);
});

function isVerified(ca: LabCertificate, peer: LabCertificate): boolean {
  const args = ['verify', '-no-CApath', '-CAfile', 'ca', '-purpose', 'sslclient', 'peer'];
  return openssl({ ca: ca.pem, peer: peer.pem }, ...args) !== undefined;
}
