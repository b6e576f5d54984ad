// What a file says to the system that opens it, read by words of that system's manual and not of ours: whom to dial, as
// whom, and with which algorithms.
import type { Encr, Model, Offer } from './model.ts';

/** Transform IDs of the words (IANA), an encryption algorithm with its key length. */
const encr: Readonly<Record<string, Encr>> = {
  ...{ 'AES-256-GCM': [20, 256], 'AES-128-GCM': [20, 128], ChaCha20Poly1305: [28] },
  ...{ 'AES-256': [12, 256], 'AES-128': [12, 128] },
  ...{ GCMAES256: [20, 256], GCMAES128: [20, 128], AES256: [12, 256], AES128: [12, 128] },
};
const hashes: Readonly<Record<string, { integ: number; prf: number }>> = {
  ...{ 'SHA2-256': { integ: 12, prf: 5 }, 'SHA2-384': { integ: 13, prf: 6 } },
  ...{ SHA256: { integ: 12, prf: 5 }, SHA384: { integ: 13, prf: 6 }, SHA1: { integ: 2, prf: 2 } },
};
const espHashes: Readonly<Record<string, number>> = {
  ...{ 'SHA2-256': 12, 'SHA2-384': 13, SHA256128: 12, SHA196: 2 },
};
const groups: Readonly<Record<string, number>> = {
  ...{ ECP256: 19, ECP384: 20, Group14: 14, Group2: 2, PFS2048: 14, PFS2: 2 },
};
const known = <T>(table: Readonly<Record<string, T>>, word: string): T => {
  const value = table[word];
  if (value === undefined) throw new Error(`the manual has no ${word}`);
  return value;
};
const isAead = ([id]: Encr): boolean => id === 20 || id === 28;

/** The algorithms of a file, in numbers. */
export interface Said {
  readonly ike: Offer;
  readonly esp: Offer;
  readonly ke: number;
  readonly pfs: number | undefined;
  /** Additional key exchanges, of the handshake and of renewals. */
  readonly addKe?: Offer['addKe'];
}

/** Whom a file dials, and what it brings for that. */
export interface Dialled {
  readonly server: string;
  readonly user: string;
  /** Undefined: whoever dials is asked. */
  readonly password: string | undefined;
  /** Base64 of the authority's DER. */
  readonly authority: string;
}

function saidBy(words: {
  encr: string;
  hash: string;
  ke: number;
  esp: string;
  espHash: string;
  pfs: number | undefined;
}): Said {
  const cipher = known(encr, words.encr);
  const { integ, prf } = known(hashes, words.hash);
  const espCipher = known(encr, words.esp);
  return {
    ike: {
      encr: [cipher],
      prf: [prf],
      ke: [words.ke],
      ...(isAead(cipher) ? {} : { integ: [integ] }),
    },
    esp: {
      ...{ encr: [espCipher], esn: [0] },
      ...(isAead(espCipher) ? {} : { integ: [known(espHashes, words.espHash)] }),
    },
    ...{ ke: words.ke, pfs: words.pfs },
  };
}

/** A client that offers this and nothing else. */
export const modelOf = (base: Model, { ike, esp, ke, pfs, addKe }: Said): Model => {
  const further = addKe ? { addKe } : {};
  return {
    ...base,
    ...(addKe ? { initParts: [...base.initParts, 'INTERMEDIATE_EXCHANGE_SUPPORTED'] } : {}),
    ...{ ike: [{ ...ike, ...further }], esp: [esp], firstKe: ke },
    rekey: { ...base.rekey, esp: [pfs === undefined ? esp : { ...esp, ke: [pfs], ...further }] },
  };
};

export function readApple(text: string): Said {
  const ike = dictIn(text, 'IKESecurityAssociationParameters');
  const child = dictIn(text, 'ChildSecurityAssociationParameters');
  const ke = Number(valueIn(ike, 'DiffieHellmanGroup'));
  const said = saidBy({
    ...{ encr: valueIn(ike, 'EncryptionAlgorithm'), hash: valueIn(ike, 'IntegrityAlgorithm'), ke },
    ...{ esp: valueIn(child, 'EncryptionAlgorithm') },
    ...{ espHash: valueIn(child, 'IntegrityAlgorithm') },
    pfs:
      valueIn(text, 'EnablePFS') === '1' ? Number(valueIn(child, 'DiffieHellmanGroup')) : undefined,
  });
  const steps = numbersIn(ike, 'PostQuantumKeyExchangeMethods');
  if (steps.length === 0) return said;
  const mayDo = valueIn(text, 'AllowPostQuantumKeyExchangeFallback') === '1' ? [0] : [];
  // Each method is a step of its own (RFC 9370), which the fallback may leave out.
  return { ...said, addKe: steps.map((method) => [method, ...mayDo]) };
}

export const dialledByApple = (text: string): Dialled => ({
  ...{ server: valueIn(text, 'RemoteAddress'), user: valueIn(text, 'AuthName') },
  password: valueIn(text, 'AuthPassword') || undefined,
  authority: /<data>([A-Za-z0-9+/=]+)<\/data>/.exec(text)?.[1] ?? '',
});

const dictIn = (text: string, key: string): string =>
  new RegExp(`<key>${key}</key>\\s*<dict>([\\s\\S]*?)</dict>`).exec(text)?.[1] ?? '';
const numbersIn = (text: string, key: string): readonly number[] => {
  const list = new RegExp(`<key>${key}</key>\\s*<array>([\\s\\S]*?)</array>`).exec(text)?.[1] ?? '';
  return [...list.matchAll(/<integer>(\d+)</g)].map(([, number]) => Number(number));
};
const valueIn = (text: string, key: string): string =>
  new RegExp(`<key>${key}</key>\\s*<(?:string|integer)>([^<]*)<`).exec(text)?.[1] ?? '';

export const readScript = (text: string): Said =>
  readWindows((key) => new RegExp(`-${key} (\\w+)`).exec(text)?.[1]);
export const readXml = (text: string): Said =>
  readWindows((key) => new RegExp(`<${key}>(\\w+)</${key}>`).exec(text)?.[1]);

function readWindows(read: (key: string) => string | undefined): Said {
  const value = (key: string): string => read(key) ?? '';
  const pfs = value('PfsGroup');
  return saidBy({
    ...{ encr: value('EncryptionMethod'), hash: value('IntegrityCheckMethod') },
    ...{
      esp: value('CipherTransformConstants'),
      espHash: value('AuthenticationTransformConstants'),
    },
    ke: known(groups, value('DHGroup')),
    pfs: pfs === 'None' ? undefined : known(groups, pfs),
  });
}

export const dialledByScript = (text: string): Dialled => ({
  server: /^\$server = '([^']*)'/m.exec(text)?.[1] ?? '',
  user: /The user name is" '([^']*)'/.exec(text)?.[1] ?? '',
  password: undefined,
  authority: /FromBase64String\(@'([\sA-Za-z0-9+/=]*)'@/.exec(text)?.[1]?.replace(/\s/g, '') ?? '',
});

/** @param authority the file that lies beside the sheet, in base64 */
export function dialledBySheet(text: string, authority: string): Dialled {
  const row = (name: string): string =>
    new RegExp(`^${name} +(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const server = row('Server address');
  return { server, user: row('Username'), password: row('Password'), authority };
}
