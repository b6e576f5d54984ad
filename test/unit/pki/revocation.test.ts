// Revocation by lists and answers that openssl made.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Certificate } from '../../../src/pki/certificate.ts';
import { isCrlOf, readCrl, statusIn } from '../../../src/pki/crl.ts';
import { ocspAnswer, ocspRequest } from '../../../src/pki/ocsp.ts';
import {
  type Fetch,
  type FetchRequest,
  RevocationCheck,
  type RevocationPolicy,
} from '../../../src/pki/revocation.ts';
import { hasOpenssl, openssl } from '../../lab/openssl.ts';
import { issue, type LabCertificate, makeCa, ocspSigning, pointers } from '../../lab/pki.ts';
import { answerOcsp, type CrlOptions, makeCrl, type Signer } from '../../lab/revocation.ts';
import { certificateOf } from './anchors.ts';

let ca: LabCertificate;
let stranger: LabCertificate;
let anna: LabCertificate;
let bert: LabCertificate;
const now = new Date();
beforeAll(async () => {
  ca = await makeCa({ name: 'CN=ca', key: 'rsa2048' });
  // The same name, another key: it can only pretend.
  stranger = await makeCa({ name: 'CN=ca', key: 'rsa2048' });
  const urls = pointers('http://pki.example/ca.crl', 'http://pki.example/ocsp');
  anna = await issue(ca, { name: 'CN=anna', extensions: urls });
  bert = await issue(ca, { name: 'CN=bert', extensions: urls });
});
const signer = ({ pem, keyPem }: LabCertificate): Signer => ({ certificate: pem, key: keyPem });
const read = (one: LabCertificate): Certificate => certificateOf(one.der);
const crlOf = (authority: LabCertificate, revoked: LabCertificate[], options?: CrlOptions) =>
  makeCrl(
    signer(authority),
    revoked.map(({ pem }) => pem),
    options,
  );

function crl(bytes: Uint8Array) {
  const reading = readCrl(bytes);
  if (!reading.ok) throw new Error(reading.why);
  return reading.crl;
}

describe.runIf(hasOpenssl)('a CRL', () => {
  test('tells who is revoked, and who is not, in DER and PEM', () => {
    const der = crlOf(ca, [anna]);
    const pem = new Uint8Array(openssl({ c: der }, 'crl', '-inform', 'DER', '-in', 'c') ?? []);
    for (const list of [crl(der), crl(pem)]) {
      expect(isCrlOf(list, read(ca))).toBe(true);
      expect(statusIn(list, read(anna), now)).toBe('revoked');
      expect(statusIn(list, read(bert), now)).toBe('good');
    }
  });

  test('is nobody’s but its authority’s', () => {
    expect(isCrlOf(crl(crlOf(stranger, [anna])), read(ca))).toBe(false);
  });

  test('still tells who is revoked when it is outdated, and of others nothing', () => {
    const old = crl(crlOf(ca, [anna], { hours: -48 }));
    expect(statusIn(old, read(anna), now)).toBe('revoked');
    expect(statusIn(old, read(bert), now)).toBe('unknown');
  });

  test('of an authority that may not sign lists says nothing', async () => {
    const mute = await makeCa({ name: 'CN=mute', key: 'rsa2048', keyUsage: ['keyCertSign'] });
    expect(isCrlOf(crl(crlOf(mute, [])), read(mute))).toBe(false);
  });

  test.each([
    ['issuingDistributionPoint = critical,@idp\n[idp]\nonlyuser = TRUE', 'good'],
    ['issuingDistributionPoint = critical,@idp\n[idp]\nonlyCA = TRUE', 'unknown'],
    ['issuingDistributionPoint = critical,@idp\n[idp]\nfullname = URI:http://x/', 'good'],
  ])('with the scope %j says of a user: %s', (extensions, status) => {
    expect(statusIn(crl(crlOf(ca, [], { extensions })), read(bert), now)).toBe(status);
  });

  test.each([
    ['an indirect one', 'issuingDistributionPoint = critical,@idp\n[idp]\nindirectCRL = TRUE'],
    [
      'one for some reasons',
      'issuingDistributionPoint = critical,@idp\n[idp]\nonlysomereasons = keyCompromise',
    ],
    ['a delta', '2.5.29.27 = critical,ASN1:INTEGER:1'],
    ['one with an unknown critical extension', '1.3.6.1.4.1.55555.1 = critical,ASN1:NULL'],
  ])('is refused: %s', (_, extensions) => {
    expect(readCrl(crlOf(ca, [anna], { extensions })).ok).toBe(false);
  });

  test('is refused wherever it is cut, and never believed where it is bent', () => {
    const der = crlOf(ca, [anna]);
    const good = read(ca);
    for (let at = 0; at < der.length; at++) {
      expect(readCrl(der.subarray(0, at)).ok).toBe(false);
      const bent = Uint8Array.from(der);
      bent[at] = (bent[at] ?? 0) ^ 0x41;
      const reading = readCrl(bent);
      expect(reading.ok && isCrlOf(reading.crl, good)).toBe(false);
    }
  });
});

describe.runIf(hasOpenssl)('OCSP', () => {
  const nonce = new Uint8Array(16).fill(7);
  const request = (one = anna) => ocspRequest(read(one), read(ca), nonce);
  const answer = (
    responder: LabCertificate,
    revoked: LabCertificate[],
    {
      about = anna,
      more,
      asked = request(about),
    }: { about?: LabCertificate; more?: string[]; asked?: Uint8Array } = {},
  ) =>
    answerOcsp(
      asked,
      signer(ca),
      signer(responder),
      [anna.pem, bert.pem],
      revoked.map(({ pem }) => pem),
      more,
    );
  const judge = (bytes: Uint8Array, at = now) =>
    ocspAnswer(bytes, read(anna), read(ca), { now: at, nonce });

  test('asks in a form that openssl reads', () => {
    const text = `${openssl({ r: request() }, 'ocsp', '-reqin', 'r', '-req_text', '-noverify')}`;
    expect(text).toContain('Hash Algorithm: sha1');
    expect(text).toContain('OCSP Nonce');
  });

  test('believes the authority itself', () => {
    expect(judge(answer(ca, []))).toMatchObject({ status: 'good' });
    expect(judge(answer(ca, [anna]))).toMatchObject({ status: 'revoked' });
  });

  test('believes whom the authority appointed for that, and nobody else it issued to', async () => {
    const appointed = await issue(ca, {
      name: 'CN=r',
      key: 'rsa2048',
      eku: [],
      extensions: [ocspSigning()],
    });
    const other = await issue(ca, { name: 'CN=o', eku: ['serverAuth'] });
    expect(judge(answer(appointed, [anna]))).toMatchObject({ status: 'revoked' });
    expect(judge(answer(other, []))).toBeUndefined();
  });

  test('takes the answer of a stranger for none', async () => {
    const pretender = await issue(stranger, {
      name: 'CN=r',
      key: 'rsa2048',
      eku: [],
      extensions: [ocspSigning()],
    });
    expect(judge(answer(pretender, []))).toBeUndefined();
    expect(judge(answer(stranger, []))).toBeUndefined();
  });

  test('takes the appointment for over when its certificate is', async () => {
    const past = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') };
    const former = await issue(ca, {
      name: 'CN=r',
      key: 'rsa2048',
      eku: [],
      extensions: [ocspSigning()],
      ...past,
    });
    expect(judge(answer(former, []))).toBeUndefined();
  });

  test('takes no answer about another certificate, to another question, or of another day', () => {
    expect(judge(answer(ca, [], { about: bert }))).toBeUndefined();
    const other = ocspRequest(read(anna), read(ca), new Uint8Array(16).fill(8));
    expect(judge(answer(ca, [], { asked: other }))).toBeUndefined();
    const later = new Date(now.getTime() + 2 * 86_400_000);
    expect(judge(answer(ca, []), later)).toBeUndefined();
    expect(judge(answer(ca, []), new Date(now.getTime() - 3_600_000))).toBeUndefined();
  });

  test('survives whatever is cut or bent', () => {
    const bytes = answer(ca, [anna], { more: ['-ndays', '1', '-resp_no_certs'] });
    for (let at = 0; at < bytes.length; at++) {
      expect(judge(bytes.subarray(0, at))).toBeUndefined();
      const bent = Uint8Array.from(bytes);
      bent[at] = (bent[at] ?? 0) ^ 0x21;
      expect(judge(bent)?.status ?? 'revoked').toBe('revoked');
    }
  });
});

describe.runIf(hasOpenssl)('the check', () => {
  const both: RevocationPolicy = { mode: 'soft', crlUrls: [], ocspUrl: undefined };
  const path = () => [read(anna), read(ca)];

  /** A network of authorities by URL; `asked` is what was fetched, in order. */
  function network(answers: Readonly<Record<string, (body?: Uint8Array) => Uint8Array>>) {
    const asked: FetchRequest[] = [];
    const fetch: Fetch = async (request) => {
      asked.push(request);
      return answers[request.url]?.(request.body);
    };
    let dice = 0;
    const check = new RevocationCheck(fetch, (bytes) => new Uint8Array(bytes).fill(++dice));
    const judge = (policy: RevocationPolicy, crls: Uint8Array[] = [], at = now) =>
      check.faultOf(path(), at, {
        revoked: new Map(),
        crls: crls.map(crl),
        policyOf: () => policy,
      });
    return { asked, judge };
  }
  const ocsp = (revoked: LabCertificate[]) => (body?: Uint8Array) =>
    answerOcsp(
      body ?? new Uint8Array(),
      signer(ca),
      signer(ca),
      [anna.pem],
      revoked.map(({ pem }) => pem),
    );

  test('asks nobody unless the owner wants it, and believes files all the same', async () => {
    const { asked, judge } = network({});
    expect(await judge({ ...both, mode: 'none' })).toBeUndefined();
    expect(await judge({ ...both, mode: 'none' }, [crlOf(ca, [anna])])).toEqual({
      cause: 'revoked',
      why: '«CN=anna» was revoked by its authority',
    });
    expect(await judge({ ...both, mode: 'none' }, [crlOf(stranger, [anna])])).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test('asks OCSP first, then fetches the CRL, both where the certificate says', async () => {
    const { asked, judge } = network({ 'http://pki.example/ca.crl': () => crlOf(ca, [anna]) });

    expect(await judge(both)).toMatchObject({ cause: 'revoked' });

    expect(asked.map(({ url, isOwners }) => [url, isOwners])).toEqual([
      ['http://pki.example/ocsp', false],
      ['http://pki.example/ca.crl', false],
    ]);
  });

  test('is content with a good OCSP answer', async () => {
    const { asked, judge } = network({ 'http://pki.example/ocsp': ocsp([]) });
    expect(await judge({ ...both, mode: 'hard' })).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  test('asks where the owner says instead', async () => {
    const { asked, judge } = network({ 'http://10.0.0.1/': ocsp([anna]) });
    const policy = { ...both, ocspUrl: 'http://10.0.0.1/' };
    expect(await judge(policy)).toMatchObject({ cause: 'revoked' });
    expect(asked).toMatchObject([{ url: 'http://10.0.0.1/', isOwners: true }]);
  });

  test('of lists that contradict each other believes the one that revokes, wherever it lies', async () => {
    const lists = {
      'http://a.lan/': () => crlOf(ca, []),
      'http://b.lan/': () => crlOf(ca, [anna]),
    };
    for (const crlUrls of [Object.keys(lists), Object.keys(lists).reverse()]) {
      const { judge } = network(lists);
      expect(await judge({ ...both, crlUrls })).toMatchObject({ cause: 'revoked' });
    }
  });

  test('waits for several silent servers of lists no longer than for one', async () => {
    const crlUrls = ['http://a.lan/', 'http://b.lan/', 'http://c.lan/', 'http://d.lan/'];
    const silent: (() => void)[] = [];
    const fetch: Fetch = () => new Promise((done) => void silent.push(() => done(undefined)));
    const check = new RevocationCheck(fetch, (bytes) => new Uint8Array(bytes));
    const policy = { ...both, ocspUrl: undefined, crlUrls };
    const verdict = check.faultOf([certificateOf((await issue(ca)).der), read(ca)], now, {
      revoked: new Map(),
      crls: [],
      policyOf: () => policy,
    });
    await Promise.resolve();
    expect(silent).toHaveLength(4);
    for (const giveUp of silent) giveUp();
    expect(await verdict).toBeUndefined();
  });

  test('asks for a list of the owner, though a certificate may not lead there', async () => {
    const asked: boolean[] = [];
    const fetch: Fetch = async ({ isOwners }) => {
      asked.push(isOwners);
      return isOwners ? crlOf(ca, [anna]) : undefined; // it lies in a network of ours
    };
    const check = new RevocationCheck(fetch, (bytes) => new Uint8Array(bytes));
    const judge = (crlUrls: readonly string[]) =>
      check.faultOf(path(), now, {
        revoked: new Map(),
        crls: [],
        policyOf: () => ({ mode: 'soft', crlUrls, ocspUrl: undefined }),
      });
    expect(await judge([])).toBeUndefined();
    expect(await judge(['http://pki.example/ca.crl'])).toMatchObject({ cause: 'revoked' });
    expect(asked.at(-1)).toBe(true);
  });

  test('when nobody answers, soft lets in and hard does not, and says why', async () => {
    expect(await network({}).judge(both)).toBeUndefined();
    expect(await network({}).judge({ ...both, mode: 'hard' })).toEqual({
      cause: 'no-status',
      why: 'nobody could be asked whether «CN=anna» was revoked',
    });
  });

  test('a stranger’s answer counts as none', async () => {
    const answers = { 'http://pki.example/ca.crl': () => crlOf(stranger, []) };
    expect(await network(answers).judge({ ...both, mode: 'hard' })).toMatchObject({
      cause: 'no-status',
    });
  });

  test('asks once for many handshakes, and again when the answer is old', async () => {
    const { asked, judge } = network({ 'http://pki.example/ocsp': ocsp([]) });
    await Promise.all(Array.from({ length: 50 }, () => judge(both)));
    await judge(both);
    expect(asked).toHaveLength(1);
    await judge(both, [], new Date(now.getTime() + 86_400_000 + 60_000));
    expect(asked.length).toBeGreaterThan(1);
  });

  test('asks a silent server once a minute', async () => {
    const { asked, judge } = network({});
    for (let second = 0; second < 60; second += 5) {
      await judge(both, [], new Date(now.getTime() + second * 1000));
    }
    expect(asked).toHaveLength(2);
    await judge(both, [], new Date(now.getTime() + 61_000));
    expect(asked).toHaveLength(4);
  });
});
