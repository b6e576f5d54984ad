// What is particular about Windows: its one group, its long list of authorities, its temper behind a NAT.
import { beforeAll, describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { windows10, windows11, windowsScripted, windowsScriptedPfs } from '../../ghost/windows.ts';
import { expectHarmony, ghostPapers, haunted, timesIn } from '../ghosts.ts';
import { office, wifi } from '../haunt.ts';
import type { Papers } from '../papers.ts';

let papers: Papers;

beforeAll(async () => {
  papers = await ghostPapers();
});

const dialled = (fields: Partial<Parameters<typeof haunted>[0]> = {}) =>
  haunted({ papers, model: windowsScripted, kind: 'certificate', ...fields }).connect(seconds(5));

describe('Windows as it comes knows group 2 alone', () => {
  test.each([windows10, windows11])(
    '$name is refused, and the owner reads why and what to do',
    (model) => {
      const { ghost, gateway } = dialled({ model });
      expect(ghost.complaints).toEqual(['IKE_SA_INIT was refused: NO_PROPOSAL_CHOSEN']);
      const [failed, ...more] = gateway.eventsOf('attempt.failed');
      expect(more).toEqual([]);
      expect(failed?.why).toContain('modp1024');
      expect(failed?.advice).toContain('group 2');
      expect(failed?.advice).toContain('Set-VpnConnectionIPsecConfiguration');
      expect(failed?.advice).toContain('suite legacy');
    },
  );

  test.each([windows10, windows11])(
    '$name gets through IKE_SA_INIT where the owner allows legacy',
    (model) => {
      const { ghost, gateway } = dialled({ model, suite: 'legacy' });
      expect(ghost.complaints.join()).not.toContain('IKE_SA_INIT');
      expect(gateway.eventsOf('sa.established')).toMatchObject([
        { suite: 'aes256-sha384-modp1024', peer: 'C=CH, O=Home, CN=anna' },
      ]);
    },
  );

  test('a mismatch of another kind does not speak of group 2', () => {
    const { gateway } = dialled({
      suite: 'modern',
      model: {
        ...windowsScripted,
        ike: [{ encr: [[3]], prf: [2], integ: [2], ke: [14, 2] }],
        firstKe: 14,
      },
    });
    expect(gateway.eventsOf('attempt.failed')[0]?.advice).not.toContain('group 2');
  });
});

test.each([
  [50, 5],
  [400, 17],
])(
  '%i authorities and a certificate come in %i or more fragments of at most 576 bytes (RFC 7383)',
  (authorities, least) => {
    const scene = dialled({ model: { ...windowsScripted, authorities } });
    const { inside } = wifi;
    const messages = scene.world.sent.filter(
      ({ from, bytes }) => from.ip === inside && bytes.length > 1,
    );
    const fragments = messages.flatMap(({ bytes }) => {
      const [last] = decodeMessage(bytes).payloads.slice(-1);
      return last?.type === PayloadType.SKF ? [{ bytes: bytes.length, ...last.body }] : [];
    });
    expect(fragments.length).toBeGreaterThanOrEqual(least);
    expect(fragments.every(({ total }) => total === fragments.length)).toBe(true);
    expect(Math.max(...fragments.map(({ bytes }) => bytes))).toBeLessThanOrEqual(576 - 20 - 8 - 4);
    expectHarmony(scene);
  },
);

test('behind a NAT it refuses our new keys with a notify of its own, and the tunnel lives on', () => {
  const connection = { childLifetime: minutes(45) };
  const scene = dialled({ connection });
  scene.after(minutes(59));
  expect(timesIn(scene, /refused new keys for the tunnel/)).toBeGreaterThan(0);
  expectHarmony(scene);
  expect(
    scene.gateway
      .eventsOf('note')
      .map(({ why }) => why)
      .join(),
  ).toContain('12345');
  // It renews by itself soon after, before the old keys are worn out.
  scene.after(minutes(15));
  expectHarmony(scene);
  expect(timesIn(scene, /^renewed the tunnel/)).toBe(1);
});

test('without a NAT on the way it takes our new keys', () => {
  const connection = { childLifetime: minutes(30), encap: 'never' } as const;
  const scene = dialled({ connection, others: { at: office } });
  scene.after(minutes(45));
  expectHarmony(scene);
  expect(timesIn(scene, /the gateway renewed the tunnel/)).toBeGreaterThan(0);
});

test.each([
  [windowsScripted, 'renewed the tunnel'],
  [windowsScriptedPfs, 'renewed the tunnel with KE'],
] as const)('$name renews with PFS only as scripted', (model, entry) => {
  const scene = dialled({ model });
  scene.after(minutes(65));
  expectHarmony(scene);
  expect(scene.ghost.diary).toContain(entry);
});

test('an old build that asks for everything when it renews gets what was agreed', () => {
  const rekey = { ...windowsScripted.rekey, selectors: 'everything' } as const;
  const scene = dialled({ model: { ...windowsScripted, rekey } });
  scene.after(minutes(65));
  expectHarmony(scene);
  expect(timesIn(scene, /^renewed the tunnel/)).toBe(1);
});

test('DELETE of ours is heard and answered', () => {
  const scene = dialled();
  const command = { kind: 'terminate', which: 'all' } as const;
  scene.world.input(scene.gateway, { kind: 'command', command });
  scene.after(seconds(5));
  expect(scene.ghost.diary.at(-1)).toBe('the gateway disconnected');
});
