// What the daemon's dialler does, in virtual time: a connection that failed or ended is dialled again, after a rest
// that grows (daemon/redial.ts decides).
import { milliseconds, since } from '../../src/base/time.ts';
import { standingsOf } from '../../src/daemon/dial.ts';
import { type Move, Redial } from '../../src/daemon/redial.ts';
import type { Path } from '../../src/ike/core.ts';
import { chanceOf } from './chance.ts';
import { between, type SimHost, type World } from './world.ts';

/** Keeps connection `home` of `host` up from now on. @returns begins again, after a restart */
export function keepUp(world: World, host: SimHost, gateway: SimHost, seed: number): () => void {
  const redial = new Redial<Path>('always', chanceOf(seed));
  const look = (): void => {
    const standing = standingsOf(host.core.snapshot()).get('home') ?? 'absent';
    heed(redial.look(world.now, standing));
  };
  const heed = (move: Move<Path>): void => {
    if (move.kind === 'resolve') heed(redial.resolved(world.now, [between(host, gateway)]));
    else if (move.kind === 'dial') {
      const command = { kind: 'initiate', connection: 'home', path: move.target } as const;
      world.input(host, { kind: 'command', command });
    } else if (move.until !== undefined) {
      world.after(milliseconds(Math.max(since(world.now, move.until), 0)), look);
    }
  };
  host.watcher = (event) => {
    if (telling.has(event.kind)) look();
  };
  const begin = (): void => {
    redial.begin(world.now);
    look();
  };
  begin();
  return begin;
}

const telling: ReadonlySet<string> = new Set(['sa.established', 'sa.closed', 'attempt.failed']);
