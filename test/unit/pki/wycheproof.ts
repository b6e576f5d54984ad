// Wycheproof signature sets as verifySignature takes them: the project's own extract, and the whole sets if present.
import { existsSync, readFileSync } from 'node:fs';
import { concat, fromHex } from '../../../src/base/bytes.ts';
import type { Scheme } from '../../../src/ike/core.ts';

interface TestCase {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}
interface TestGroup {
  readonly publicKeyDer: string;
  readonly publicKeyAsn?: string;
  readonly tests: readonly TestCase[];
}
export interface SignatureSet {
  readonly file: string;
  readonly scheme: Scheme;
  readonly testGroups: readonly TestGroup[];
}

export function extract(): readonly SignatureSet[] {
  const file = new URL('../../vectors/pki/wycheproof-signatures.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The whole sets; `testGroups` is empty where the folder of shared vectors is absent. */
export function wholeSets(): readonly SignatureSet[] {
  return extract().map(({ file, scheme }) => {
    const url = new URL(`../../../../shared/vectors/wycheproof/${file}`, import.meta.url);
    const testGroups = existsSync(url) ? JSON.parse(readFileSync(url, 'utf8')).testGroups : [];
    return { file, scheme, testGroups };
  });
}

/** Some sets mark the key itself as «for PSS alone»; certificates of IKE peers call it rsaEncryption. */
export function spkiOf({ publicKeyDer, publicKeyAsn }: TestGroup): Uint8Array {
  if (!publicKeyAsn) return fromHex(publicKeyDer);
  const key = fromHex(publicKeyAsn);
  const bits = sequence(0x03, Uint8Array.of(0), key);
  return sequence(0x30, fromHex('300d06092a864886f70d0101010500'), bits);
}

function sequence(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  return concat(Uint8Array.of(tag, 0x82, body.length >> 8, body.length & 0xff), body);
}
