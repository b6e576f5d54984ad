// Ghosts hang up over what the real clients hang up over: what would make us wrong must make them complain.
import { beforeAll, describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { decodeHeader } from '../../../src/wire/header.ts';
import { android13 } from '../../ghost/android.ts';
import { ios17, macos14 } from '../../ghost/apple.ts';
import { strongSwanApp } from '../../ghost/strongswan-app.ts';
import { windowsScripted } from '../../ghost/windows.ts';
import type { CertificateOptions } from '../../lab/pki.ts';
import { expectHarmony, ghostPapers, haunted, timesIn } from '../ghosts.ts';
import type { Papers } from '../papers.ts';
import { proposals } from '../policies.ts';

let papers: Papers;

beforeAll(async () => {
  papers = await ghostPapers();
});

describe('the certificate of the gateway', () => {
  const decades = { notBefore: new Date('2020-01-01'), notAfter: new Date('2045-01-01') };
  test.each<[string, CertificateOptions, typeof ios17, RegExp | undefined]>([
    ['of an elliptic curve silences iOS', { key: 'p256' }, ios17, /a key of type ec/],
    [
      'of an elliptic curve is fine for the strongSwan app',
      { key: 'p256' },
      strongSwanApp,
      undefined,
    ],
    ['for decades is too long for Apple', decades, ios17, /days, 825 at most/],
    ['for decades is fine for Android', decades, android13, undefined],
    [
      'not for servers is refused by Windows',
      { eku: ['clientAuth'] },
      windowsScripted,
      /not for servers/,
    ],
    [
      'for another name is refused by all',
      { san: ['other.example'] },
      macos14,
      /not for home.example/,
    ],
    [
      'with its name in the subject alone is refused by Apple',
      { name: 'CN=home.example', san: ['other.example'] },
      macos14,
      /not for home.example/,
    ],
  ])('%s', async (_, options, model, complaint) => {
    const others = await ghostPapers(options);
    const connection = { certificate: 'gateway' };
    const { ghost } = haunted({ papers: others, model, kind: 'certificate', connection }).connect(
      seconds(5),
    );
    if (complaint) expect(ghost.complaints.join()).toMatch(complaint);
    else expect(ghost).toMatchObject({ phase: 'up', complaints: [] });
  });
});

test('macOS renews with one proposal under the number that it had, and is answered under it', () => {
  const scene = haunted({ papers, model: macos14, kind: 'psk', connection: cbcOnly }).connect(
    seconds(5),
  );
  expect(scene.ghost.sa?.chosenNumber).toBe(3);
  scene.after(minutes(49));
  expect(timesIn(scene, /renewed the IKE SA/)).toBe(1);
  expect(scene.ghost.sa?.chosenNumber).toBe(3);
  expectHarmony(scene);
});

test('one that heeds INVALID_KE_PAYLOAD renews with another group, one that cannot hangs up', () => {
  const wish = { papers, kind: 'certificate' as const };
  // The tunnel must have a KE, and not of the group that they send.
  const connection = { esp: proposals('esp', 'aes256gcm16-modp2048') };
  const rekey = { child: 60, esp: [{ encr: [[20, 256]], ke: [19, 14], esn: [0] }] } as const;
  const heeding = haunted({
    ...wish,
    model: { ...ios17, rekey: { ...ios17.rekey, ...rekey } },
    connection,
  }).connect(seconds(65));
  expectHarmony(heeding);
  expect(timesIn(heeding, /renewed the tunnel with KE/)).toBe(1);
  const deaf = haunted({
    ...wish,
    model: { ...windowsScripted, rekey: { ...windowsScripted.rekey, ...rekey } },
    connection,
  }).connect(seconds(65));
  expect(deaf.ghost.complaints).toEqual(['no new keys: INVALID_KE_PAYLOAD']);
});

test('Android hangs up when TEMPORARY_FAILURE goes on for too long', () => {
  const rekey = { ...android13.rekey, patience: 30, child: 10 };
  const scene = haunted({ papers, model: { ...android13, rekey }, kind: 'psk' }).connect(
    seconds(5),
  );
  // The gateway renews the IKE SA, and its requests are lost: meanwhile it takes no new tunnels.
  const { wire } = scene.world;
  scene.world.wire = (packet, now) => {
    if (packet.bytes.length === 1) return wire(packet, now);
    const { exchange, isResponse } = decodeHeader(packet.bytes);
    const isOurs =
      packet.from.port === 4500 && exchange === Exchange.CREATE_CHILD_SA && !isResponse;
    return isOurs ? [] : wire(packet, now);
  };
  const [sa] = scene.gateway.core.snapshot().sas;
  if (!sa) expect.fail('no IKE SA');
  const command = { kind: 'rekey', sa: sa.id, child: undefined } as const;
  scene.world.input(scene.gateway, { kind: 'command', command });
  scene.after(seconds(60));
  expect(scene.ghost.complaints.join()).toMatch(/nothing but TEMPORARY_FAILURE for 3\d seconds/);
});

test('a gateway that gives up in the middle is noticed by whoever probes', () => {
  const scene = haunted({ papers, model: windowsScripted, kind: 'certificate' }).connect(
    seconds(5),
  );
  scene.world.wire = () => [];
  scene.after(seconds(90));
  expect(scene.ghost.complaints).toEqual(['no answer to INFORMATIONAL']);
});

const cbcOnly = { ike: proposals('ike', 'aes256-sha256-ecp256') };
