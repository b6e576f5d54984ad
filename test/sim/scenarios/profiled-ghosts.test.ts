// iPhones and Windows computers that know nothing but their profile: the file is read as the system reads it, by words of
// its manual and not of ours, and a ghost offers exactly that.
import { beforeAll, describe, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { appleProfile } from '../../../src/onboard/apple.ts';
import type { Onboarding } from '../../../src/onboard/device.ts';
import { profileXml } from '../../../src/onboard/profile-xml.ts';
import { windowsScript } from '../../../src/onboard/windows.ts';
import { type SuiteName, suite, suiteNames } from '../../../src/transforms/suites.ts';
import { appleProfilePfs as appleModel } from '../../ghost/apple.ts';
import type { Encr, Model, Offer } from '../../ghost/model.ts';
import { windowsScripted } from '../../ghost/windows.ts';
import { certificate, onboarding, password } from '../../unit/onboard/samples.ts';
import { expectHarmony, ghostPapers, haunted, type LoginKind } from '../ghosts.ts';
import type { Papers } from '../papers.ts';

let papers: Papers;
beforeAll(async () => {
  papers = await ghostPapers();
});

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

/** What a file says, in numbers. */
interface Said {
  readonly ike: Offer;
  readonly esp: Offer;
  readonly ke: number;
  readonly pfs: number | undefined;
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

const model = (base: Model, { ike, esp, ke, pfs }: Said): Model => ({
  ...base,
  ...{ ike: [ike], esp: [esp], firstKe: ke },
  rekey: { ...base.rekey, esp: pfs === undefined ? [esp] : [{ ...esp, ke: [pfs] }] },
});

function readApple(sample: Onboarding): Said {
  const text = `${appleProfile(sample).file.content}`;
  const dict = (key: string): string =>
    new RegExp(`<key>${key}</key>\\s*<dict>([\\s\\S]*?)</dict>`).exec(text)?.[1] ?? '';
  const value = (inside: string, key: string): string =>
    new RegExp(`<key>${key}</key>\\s*<(?:string|integer)>([^<]*)<`).exec(inside)?.[1] ?? '';
  const ike = dict('IKESecurityAssociationParameters');
  const child = dict('ChildSecurityAssociationParameters');
  const ke = Number(value(ike, 'DiffieHellmanGroup'));
  return saidBy({
    ...{ encr: value(ike, 'EncryptionAlgorithm'), hash: value(ike, 'IntegrityAlgorithm'), ke },
    ...{ esp: value(child, 'EncryptionAlgorithm'), espHash: value(child, 'IntegrityAlgorithm') },
    pfs: value(text, 'EnablePFS') === '1' ? Number(value(child, 'DiffieHellmanGroup')) : undefined,
  });
}

const readScript = (sample: Onboarding): Said =>
  readWindows(
    (key) => new RegExp(`-${key} (\\w+)`).exec(`${windowsScript(sample).file.content}`)?.[1],
  );
const readXml = (sample: Onboarding): Said =>
  readWindows(
    (key) => new RegExp(`<${key}>(\\w+)</${key}>`).exec(`${profileXml(sample).file.content}`)?.[1],
  );

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

const readers = [
  ['mobileconfig', readApple, appleModel],
  ['PowerShell', readScript, windowsScripted],
  ['ProfileXML', readXml, windowsScripted],
] as const;
const cases = readers.flatMap(([name, read, base]) =>
  suiteNames.flatMap((one) =>
    (['eap', 'certificate'] as const).map((kind) => [name, one, kind, read, base] as const),
  ),
);

describe('a client that knows nothing but its profile', () => {
  test.each(cases)(
    '%s, suite %s, by %s: connects, and renews its keys',
    (_, name, kind, read, base) => {
      const scene = meet(base, read(sampleFor(name, kind)), name, kind);
      expectHarmony(scene);
      scene.after(minutes(70));
      expectHarmony(scene);
    },
  );

  test.each(readers)('%s follows the order for processors without AES', (_, read, base) => {
    const esp = suite('compatible').espWithoutAes;
    const sample = onboarding(password, {}, { ...suite('compatible'), esp });
    expectHarmony(meet(base, read(sample), 'compatible', 'eap', esp));
  });
});

const sampleFor = (name: SuiteName, kind: LoginKind): Onboarding =>
  onboarding(kind === 'eap' ? password : certificate, {}, suite(name));

const meet = (base: Model, said: Said, name: SuiteName, kind: LoginKind, esp = suite(name).esp) =>
  haunted({
    ...{ papers, model: model(base, said), kind, suite: name, connection: { esp } },
  }).connect(seconds(5));
