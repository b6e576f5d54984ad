// iPhones and Windows computers that know nothing but their profile: the file is read as the system reads it, by words of
// its manual and not of ours, and a ghost offers exactly that.
import { beforeAll, describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { appleProfile } from '../../../src/onboard/apple.ts';
import type { Onboarding, Profile } from '../../../src/onboard/device.ts';
import { profileXml } from '../../../src/onboard/profile-xml.ts';
import { windowsScript } from '../../../src/onboard/windows.ts';
import { withoutAdditional } from '../../../src/transforms/additional-ke.ts';
import { type SuiteName, suite, suiteNames } from '../../../src/transforms/suites.ts';
import { appleProfilePfs as appleModel } from '../../ghost/apple.ts';
import type { Model } from '../../ghost/model.ts';
import { modelOf, readApple, readScript, readXml, type Said } from '../../ghost/profile.ts';
import { windowsScripted } from '../../ghost/windows.ts';
import { certificate, onboarding, password } from '../../unit/onboard/samples.ts';
import { expectHarmony, ghostPapers, haunted, type LoginKind } from '../ghosts.ts';
import type { Haunt } from '../haunt.ts';
import type { Papers } from '../papers.ts';

let papers: Papers;
beforeAll(async () => {
  papers = await ghostPapers();
});

const textOf = ({ file }: Profile): string => `${file.content}`;

const readers = [
  ['mobileconfig', (sample: Onboarding) => readApple(textOf(appleProfile(sample))), appleModel],
  [
    'mobileconfig with ML-KEM',
    (sample: Onboarding) => readApple(textOf(appleProfile({ ...sample, isPostQuantum: true }))),
    appleModel,
  ],
  [
    'PowerShell',
    (sample: Onboarding) => readScript(textOf(windowsScript(sample))),
    windowsScripted,
  ],
  ['ProfileXML', (sample: Onboarding) => readXml(textOf(profileXml(sample))), windowsScripted],
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

describe('a profile that asks for ML-KEM', () => {
  const sample = { ...onboarding(password), isPostQuantum: true };
  const said = readApple(textOf(appleProfile(sample)));
  const suitesOf = ({ gateway }: Haunt): readonly (string | undefined)[] =>
    gateway.core.snapshot().sas.flatMap((sa) => [sa.suite, ...sa.children.map((c) => c.suite)]);

  test('gets it for the IKE SA and, once keys are renewed, for the tunnel', () => {
    const scene = meet(appleModel, said, 'compatible', 'eap');
    expect(suitesOf(scene)).toEqual([
      'aes256gcm16-prfsha256-ecp256-ke1_mlkem768',
      expect.not.stringContaining('mlkem'),
    ]);
    scene.after(minutes(70));
    expectHarmony(scene);
    expect(suitesOf(scene).map((one) => one?.includes('-ke1_mlkem768'))).toEqual([true, true]);
  });

  test('reaches a gateway without it as well', () => {
    const scene = haunted({
      ...{ papers, model: modelOf(appleModel, said), kind: 'eap' },
      connection: { ike: withoutAdditional(sample.gateway.ike) },
    }).connect(seconds(5));
    expectHarmony(scene);
    expect(suitesOf(scene)[0]).toBe('aes256gcm16-prfsha256-ecp256');
  });

  test('is not made where the connection takes none', () => {
    const gateway = { ...sample.gateway, esp: withoutAdditional(sample.gateway.esp) };
    expect(() => appleProfile({ ...sample, gateway })).toThrow('option esp of the connection');
  });
});

const sampleFor = (name: SuiteName, kind: LoginKind): Onboarding =>
  onboarding(kind === 'eap' ? password : certificate, {}, suite(name));

const meet = (base: Model, said: Said, name: SuiteName, kind: LoginKind, esp = suite(name).esp) =>
  haunted({
    ...{ papers, model: modelOf(base, said), kind, suite: name, connection: { esp } },
  }).connect(seconds(5));
