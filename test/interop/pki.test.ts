// Chains, kinds of keys and revocation, with certificates and signatures of strongSwan, lists and OCSP answers of
// openssl: who is let in, who is not, and that the owner reads why.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Authority, type Credential, type KeyKind } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, type Home } from '../lab/home.ts';
import { basics, certificateGuests, pskGuests } from '../lab/household.ts';
import { type Dial, gatewayName, startPhone } from '../lab/phone.ts';
import { makeCrl, ocspServer } from '../lab/revocation.ts';
import { stage } from '../lab/stage.ts';
import type { Settings } from '../lab/swanctl.ts';
import { ping } from '../lab/traffic.ts';
import { section, type UciSection } from '../lab/uci.ts';

const kinds: readonly KeyKind[] = ['rsa3072', 'ecdsa', 'ecdsa384', 'ecdsa521', 'ed25519'];
/** What the authority signs the certificate of the client with. */
const digests = ['sha224', 'sha256', 'sha384', 'sha512'];
const secret = 'correct horse battery';

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const people = makePeople();
    const gateway = await Gateway.start(home.lab, home.router, layOut(home, people));
    const phone = await startPhone(home, people.dials);
    return { gateway, phone };
  },
});

/** Everybody who dials, and the authorities that vouch for them. */
function makePeople() {
  const root = new Authority('rsa', 'C=CH, O=Home, CN=Root');
  const middle = new Authority('ecdsa', 'C=CH, O=Home, CN=Middle', root);
  const low = new Authority('ecdsa', 'C=CH, O=Home, CN=Low', middle);
  const listed = new Authority('ecdsa', 'C=CH, O=Home, CN=Listed');
  const asked = new Authority('ecdsa', 'C=CH, O=Home, CN=Asked');
  const cheated = new Authority('ecdsa', 'C=CH, O=Home, CN=Cheated');
  const dials: Record<string, Dial> = {};

  const dnOf = (name: string, organization: string) => `C=CH, O=${organization}, CN=${name}`;
  const dial = (name: string, credential: Credential, more: Partial<Person> = {}): Credential => {
    const { id = dnOf(name, 'Home'), links = [], settings = {} } = more;
    const login = {
      kind: 'certificate',
      id,
      credential,
      authority: root.certificate,
      links,
    } as const;
    dials[name] = { login, settings };
    return credential;
  };
  const client = (authority: Authority, name: string, more: object = {}, organization = 'Home') =>
    authority.issue({
      dn: dnOf(name, organization),
      purpose: 'clientAuth',
      kind: 'ecdsa',
      ...more,
    });
  const signing = (name: string, auth: string): Settings => ({
    local: { auth, id: dnOf(name, 'Home'), certs: `${name}.pem` },
  });

  dial('chain', client(low, 'chain'), { links: [middle.certificate, low.certificate] });
  const lost = new Authority('ecdsa', 'C=CH, O=Home, CN=Lost', root);
  dial('gap', client(lost, 'gap'));
  dial('critical', client(root, 'critical', { more: ['--critical', '1.3.6.1.4.1.55555.1'] }));
  dial('ca', { certificate: middle.certificate, key: middle.key }, { id: middle.dn });
  dial('future', client(root, 'future', { years: 33 }));
  dial('expired', client(root, 'expired', { expired: true }));
  dial('server', root.issue({ dn: dnOf('server', 'Home'), purpose: 'serverAuth', kind: 'ecdsa' }));
  dial('twin', client(root, 'twin'));
  dial('twin2', client(root, 'twin'), { id: dnOf('twin', 'Home') });
  dial('clerk', client(root, 'clerk', {}, 'Office'), { id: dnOf('clerk', 'Office') });
  dial('guest', client(root, 'guest', {}, 'Elsewhere'), { id: dnOf('guest', 'Elsewhere') });
  for (const auth of ['rsa-sha384', 'rsa-sha512', 'rsa/pss-sha256', 'rsa/pss-sha512']) {
    const name = auth.replace(/\W/g, '_');
    dial(name, client(root, name, { kind: 'rsa' }), { settings: signing(name, auth) });
  }
  for (const kind of kinds) {
    const digest = kind === 'rsa3072' ? { more: ['--digest', 'sha512'] } : {};
    const remote = { remote: { auth: 'pubkey', id: `${kind}.example.org` } };
    dial(kind, client(root, kind, { kind, ...digest }), { settings: remote });
  }
  for (const digest of digests) dial(digest, client(root, digest, { more: ['--digest', digest] }));
  dials['mixed'] = { login: { kind: 'psk', id: 'mixed@example.org', secret } };
  dials['split'] = {
    login: { kind: 'psk', id: 'split@example.org', secret },
    settings: { remote: { auth: 'pubkey', id: `split.${gatewayName}` } },
  };
  const lists = {
    good: dial('listed', client(listed, 'listed')),
    revoked: dial('unlisted', client(listed, 'unlisted')),
  };
  const answers = {
    good: dial('asked', client(asked, 'asked')),
    revoked: dial('refused', client(asked, 'refused')),
  };
  const good = dial('cheated', client(cheated, 'cheated'));
  return { root, listed, asked, cheated, lists, answers, lies: { good }, dials };
}

interface Person {
  readonly id: string;
  readonly links: readonly string[];
  readonly settings: Settings;
}

function layOut(home: Home, people: ReturnType<typeof makePeople>): UciSection[] {
  const { root, listed, asked, cheated, lists, answers, lies } = people;
  const dir = home.lab.folder('pki-files');
  const put = (name: string, content: string | Uint8Array): string => {
    const path = join(dir, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const own = (name: string, credential: Credential): UciSection =>
    section('certificate', name, {
      file: put(`${name}.pem`, credential.certificate),
      key: put(`${name}.key`, credential.key),
    });
  const signer = ({ certificate, key }: Authority) => ({ certificate, key });
  const responder = asked.issue({ dn: 'C=CH, O=Home, CN=Responder', purpose: 'ocspSigning' });
  const stranger = new Authority('rsa', cheated.dn);
  const serve = (port: number, name: string, of: Parameters<typeof ocspServer>[2]): string => {
    home.lab.start(home.lan, name, ocspServer(home.lab.folder(name), port, of));
    return `http://${address.lan}:${port}/`;
  };
  const ofAsked = { authority: signer(asked), signer: responder };
  const ofCheated = { authority: signer(cheated), signer: signer(stranger) };
  return [
    ...basics(),
    certificateGuests({ remote_id: 'C=CH, O=Home, CN=*', local_id: gatewayName }),
    section('connection', 'clerks', {
      ...certificateGuests({ remote_id: 'C=CH, O=Office, CN=*', local_id: gatewayName }).options,
    }),
    section('connection', 'split_guests', {
      ...certificateGuests({
        ...{ remote_auth: ['psk'], local_id: `split.${gatewayName}`, certificate: 'split' },
      }).options,
    }),
    pskGuests({ local_id: gatewayName }),
    section('psk', 'key', { id: ['split@example.org', 'mixed@example.org'], secret }),
    ...['server', 'split'].map((name) => {
      const dialled = name === 'server' ? gatewayName : `split.${gatewayName}`;
      return own(name, root.issue({ dn: `CN=${dialled}`, san: [dialled], purpose: 'serverAuth' }));
    }),
    ...kinds.flatMap((kind) => {
      const name = `${kind}.example.org`;
      const options = { local_id: name, certificate: kind, remote_id: `C=CH, O=Home, CN=${kind}` };
      return [
        section('connection', `with_${kind}`, certificateGuests(options).options),
        own(kind, root.issue({ dn: `CN=${name}`, san: [name], purpose: 'serverAuth', kind })),
      ];
    }),
    section('authority', 'home', { file: put('root.pem', root.certificate) }),
    section('authority', 'listed', {
      file: put('listed.pem', listed.certificate),
      crl: [put('listed.crl', makeCrl(signer(listed), [lists.revoked.certificate]))],
    }),
    section('authority', 'asked', {
      file: put('asked.pem', asked.certificate),
      revocation: 'hard',
      ocsp: serve(8801, 'ocsp-asked', {
        ...ofAsked,
        good: [answers.good.certificate],
        revoked: [answers.revoked.certificate],
      }),
    }),
    section('authority', 'cheated', {
      file: put('cheated.pem', cheated.certificate),
      revocation: 'hard',
      ocsp: serve(8802, 'ocsp-cheated', {
        ...ofCheated,
        good: [lies.good.certificate],
        revoked: [],
      }),
    }),
  ];
}

async function dials(name: string): Promise<string> {
  const { home, gateway, phone } = scene();
  const dialled = await phone.initiate(name);
  expect(dialled.stdout).toContain('initiate completed successfully');
  const [sa] = await gateway.sas();
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  await phone.terminate(name);
  return sa?.connection ?? '';
}

/** @returns what the owner reads of it */
async function isRefused(name: string): Promise<string> {
  const { gateway, phone } = scene();
  const dialled = await phone.initiate(name, 12);
  expect(dialled.code).not.toBe(0);
  expect(dialled.stdout).toContain('AUTHENTICATION_FAILED');
  return gateway.explain('--limit', '1');
}

describe('multi-level-ca', () => {
  test('a chain over two authorities that the client sends is followed to the root', async () => {
    expect(await dials('chain')).toBe('certificate_guests');
  });

  test('a chain with a gap is refused, and the owner reads who is missing', async () => {
    expect(await isRefused('gap')).toContain(
      '«C=CH, O=Home, CN=gap» was issued by «C=CH, O=Home, CN=Lost»',
    );
  });
});

describe('who is refused', () => {
  test.each([
    ['critical', /critical extension 1\.3\.6\.1\.4\.1\.55555\.1 that we do not know/],
    ['ca', /«C=CH, O=Home, CN=Middle» may not sign/],
    ['expired', /«C=CH, O=Home, CN=expired» expired on/],
    ['server', /is not meant for a client/],
    ['guest', /No connection accepts the identity C=CH, O=Elsewhere, CN=guest/],
  ])('%s (critical-extension, and other faults of one certificate)', async (name, why) => {
    expect(await isRefused(name)).toMatch(why);
  });
});

test('after-2038-certs: a certificate may be valid until 2059 (scenario 11)', async () => {
  await dials('future');
});

test('two-certs: one identity with two keys gets in with either (scenario 8)', async () => {
  await dials('twin');
  await dials('twin2');
});

test('wildcards: a pattern of distinguished names decides about the connection (scenario 9)', async () => {
  expect(await dials('clerk')).toBe('clerks');
});

test.each([
  ['rsa_sha384', 'rw-sig-auth'],
  ['rsa_sha512', 'rw-sig-auth'],
  ['rsa_pss_sha256', 'rw-cert-pss'],
  ['rsa_pss_sha512', 'rw-cert-pss'],
])('a signature of the form %s is verified (%s, scenario 5)', async (name) => {
  await dials(name);
});

test.each(kinds)(
  'ecdsa-certs, net2net-ed25519, strong-keys-certs: both sides sign with %s (scenario 6)',
  async (kind) => {
    expect(await dials(kind)).toBe(`with_${kind}`);
  },
);

test.each(digests)(
  'strong-keys-certs: a certificate that its authority signed with %s is believed (scenario 6)',
  async (digest) => {
    await dials(digest);
  },
);

test('rw-psk-rsa-mixed: under one name the gateway takes a shared secret of one client, and a certificate of the next', async () => {
  expect(await dials('mixed')).toBe('psk_guests');
  expect(await dials('twin')).toBe('certificate_guests');
  expect(await dials('mixed')).toBe('psk_guests');
});

test('rw-psk-rsa-split: a client with a pre-shared key believes the certificate of the gateway', async () => {
  expect(await dials('split')).toBe('split_guests');
});

describe('crl-revoked', () => {
  test('who is in the list stays out, and who is not comes in', async () => {
    expect(await isRefused('unlisted')).toContain('CN=unlisted» was revoked by its authority');
    await dials('listed');
  });
});

describe('ocsp', () => {
  test('a responder that the authority appointed is believed', async () => {
    await dials('asked');
    expect(await isRefused('refused')).toContain('CN=refused» was revoked by its authority');
  });

  test('the answer of a stranger counts as none', async () => {
    expect(await isRefused('cheated')).toContain(
      'Nobody could be asked whether «C=CH, O=Home, CN=cheated»',
    );
  });
});
