// What is particular about Android: raw ESP on IPv6 and no NAT there, equal names, one tunnel, fifteen seconds.
import { beforeAll, describe, expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { android11, android13 } from '../../ghost/android.ts';
import { expectHarmony, ghostPapers, haunted } from '../ghosts.ts';
import { mobile, onIpv6, wifi } from '../haunt.ts';
import type { Papers } from '../papers.ts';
import { identity } from '../policies.ts';

let papers: Papers;

beforeAll(async () => {
  papers = await ghostPapers();
});

const dialled = (fields: Partial<Parameters<typeof haunted>[0]> = {}) =>
  haunted({ papers, model: android13, kind: 'psk', ...fields }).connect(seconds(5));

describe('on IPv6', () => {
  const others = { at: onIpv6 };

  test('it says nothing of NATs, and ESP travels as IP protocol 50', () => {
    const scene = dialled({ others });
    expectHarmony(scene);
    expect(scene.ghost.encap).toBe('raw');
    expect(scene.ghost.to.port).toBe(500);
  });

  test('it dies of a NAT that a gateway makes up', () => {
    const { ghost } = dialled({ others, connection: { encap: 'always' } });
    expect(ghost.complaints).toEqual(['a NAT on IPv6']);
  });
});

test('on IPv4 it makes up a NAT, and ESP travels in UDP', () => {
  const scene = dialled();
  expectHarmony(scene);
  expect(scene.ghost.encap).toBe('udp');
});

test('from IPv4 to IPv6 it goes over to raw ESP, and back again', () => {
  const scene = dialled();
  const spis = () => scene.ghost.children.map(({ spiIn }) => spiIn);
  const before = spis();
  scene.roam(onIpv6, seconds(5));
  expectHarmony(scene);
  scene.roam(wifi, seconds(5));
  expectHarmony(scene);
  expect(scene.ghost.encap).toBe('udp');
  expect(spis()).toEqual(before);
});

test('before Android 13 it cannot say that it moved, but its next packet does', () => {
  const scene = dialled({ model: android11 });
  expect(scene.ghost.isMobile).toBe(false);
  scene.roam(mobile, seconds(1));
  expect(scene.gateway.eventsOf('sa.moved')).toEqual([]);
  expectHarmony(scene);
  expect(scene.gateway.eventsOf('sa.moved')).toHaveLength(1);
});

test('IDr must be what was dialled', () => {
  const { ghost } = dialled({ connection: { localId: identity('other.example') } });
  expect(ghost.complaints).toHaveLength(1);
  expect(ghost.phase).toBe('down');
});

test('it gives up a gateway that is silent for 15.5 seconds', () => {
  const scene = haunted({ papers, model: android13, kind: 'psk' });
  scene.world.wire = () => [];
  scene.connect(seconds(15.4));
  expect(scene.ghost.complaints).toEqual([]);
  scene.after(seconds(0.2));
  expect(scene.ghost.complaints).toEqual(['no answer to IKE_SA_INIT']);
  expect(scene.world.sent).toHaveLength(5);
});
