import { beforeAll, expect, test } from 'vitest';
import { formatRevoked, readRevoked, referenceTo, revokedFault } from '../../../src/pki/revoked.ts';
import { issue, type LabCertificate, makeCa } from '../../lab/pki.ts';
import { certificateOf, judge } from './anchors.ts';

let root: LabCertificate;
let middle: LabCertificate;
let anna: LabCertificate;
beforeAll(async () => {
  root = await makeCa({ name: 'CN=root' });
  middle = await makeCa({ name: 'CN=middle' }, root);
  anna = await issue(middle, { name: 'CN=anna' });
});

const at = new Date('2026-11-23T10:00:00Z');
const path = () => [anna, middle, root].map(({ der }) => certificateOf(der));
const listOf = (...references: string[]) =>
  new Map(references.map((reference) => [reference, { reference, at, name: 'x' }]));
const reference = (one: LabCertificate, issuer: LabCertificate) =>
  referenceTo(certificateOf(one.der), certificateOf(issuer.der));

test('a revoked certificate spoils its path, wherever in it it stands', () => {
  expect(revokedFault(path(), listOf())).toBeUndefined();
  expect(revokedFault(path(), listOf(reference(anna, middle)))).toEqual({
    cause: 'revoked',
    why: '«CN=anna» was revoked here on 2026-11-23',
  });
  expect(revokedFault(path(), listOf(reference(middle, root)))).toMatchObject({
    why: '«CN=middle» was revoked here on 2026-11-23',
  });
});

test('the same serial number of another issuer is another certificate', () => {
  expect(revokedFault(path(), listOf(reference(anna, root)))).toBeUndefined();
});

test('what is written is read again, and a verdict names the certificate as the list does', async () => {
  const entry = { reference: reference(anna, middle), at, name: 'anna-iphone' };

  expect(readRevoked(formatRevoked([entry]))).toEqual([entry]);
  expect(await judge([anna, middle], { trusted: [root] })).toMatchObject({
    ok: true,
    certificate: entry.reference,
  });
});

test.each([['anna'], ['00:01 2026-11-23T10:00:00Z x'], [`${'0'.repeat(40)}:01 yesterday x`]])(
  'a line that is none of ours is named: %s',
  (line) => {
    expect(readRevoked(`#\n${line}\n`)).toEqual({ brokenLine: 2 });
  },
);
