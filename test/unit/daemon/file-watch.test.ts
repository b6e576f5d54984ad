import { expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { FileWatch } from '../../../src/daemon/file-watch.ts';
import { FakeClock } from './fakes.ts';

function watched() {
  const clock = new FakeClock();
  const disk = new Map([['a', { ino: 1, size: 1, mtimeMs: 1 }]]);
  let told = 0;
  const watch = new FileWatch({
    after: (delay, run) => clock.after(delay, run),
    files: () => ['a', 'b'],
    changed: () => void told++,
    stat: (path) => disk.get(path),
  });
  const news = (): number => {
    const before = told;
    for (let i = 0; i < 5; i++) clock.pass(seconds(20));
    return told - before;
  };
  return { clock, disk, watch, news, told: () => told };
}

test('tells of each change once: written, replaced, made, taken away', () => {
  const { disk, news } = watched();
  expect(news()).toBe(0);
  for (const change of [
    () => disk.set('a', { ino: 1, size: 2, mtimeMs: 2 }),
    () => disk.set('a', { ino: 2, size: 2, mtimeMs: 2 }),
    () => disk.set('b', { ino: 3, size: 1, mtimeMs: 1 }),
    () => disk.delete('b'),
  ]) {
    change();
    expect(news()).toBe(1);
  }
});

test('waits while files still change: certificate and key come one after the other', () => {
  const { clock, disk, told } = watched();
  disk.set('a', { ino: 1, size: 2, mtimeMs: 2 });
  clock.pass(seconds(20));
  disk.set('b', { ino: 3, size: 1, mtimeMs: 1 });
  clock.pass(seconds(20));
  expect(told()).toBe(0);
  clock.pass(seconds(20));
  expect(told()).toBe(1);
});

test('is silent about what was read already, and once it is closed', () => {
  const { disk, watch, news } = watched();
  disk.set('a', { ino: 1, size: 2, mtimeMs: 2 });
  watch.settle();
  expect(news()).toBe(0);
  watch.close();
  disk.delete('a');
  expect(news()).toBe(0);
});
