// What the effects of a host do in the world: packets go out, tunnels are installed in its data plane, questions are
// answered by its ports, and a broken assumption of ours fails the scenario.
import { toHex } from '../../src/base/bytes.ts';
import { milliseconds, since } from '../../src/base/time.ts';
import type { Effect } from '../../src/ike/core.ts';
import { levelOf, type TraceEvent } from '../../src/ike/events.ts';
import type { SimHost, World } from './world.ts';

/** Does what the daemon would do. */
export function perform(world: World, host: SimHost, effect: Effect): void {
  switch (effect.kind) {
    case 'send':
      world.inject(effect.path.local, effect.path.remote, effect.bytes);
      return;
    case 'keepalive':
      world.inject(effect.path.local, effect.path.remote, Uint8Array.of(keepaliveByte));
      return;
    case 'expect':
      host.expected.add(effect.spi);
      return;
    case 'admit':
      host.admitted.push(toHex(effect.spi));
      return;
    case 'install':
      host.expected.delete(effect.child.inbound.spi);
      host.children.set(effect.child.ref, effect.child);
      host.installed.push(effect.child);
      host.secrecy.ofChild(effect.child);
      if (!effect.child.standby) host.active.push(effect.child.ref);
      return;
    case 'activate':
      host.active.push(effect.child);
      return;
    case 'remove':
      host.children.delete(effect.child);
      drop(host.active, effect.child);
      return;
    case 'redirect':
      host.redirected.push(effect);
      return;
    case 'untrap':
      host.untrapped.push(effect.isCarried);
      return;
    case 'release':
      host.released.push(...effect.lease.addresses);
      host.onRelease?.(effect.lease);
      return;
    case 'ask': {
      const { ticket, question } = effect;
      host.asked.push({ ticket, question });
      const answer = host.ports(question);
      if (answer === 'never') return;
      host.secrecy.ofAnswer(answer);
      const { core } = host;
      const tell = (): void => {
        if (host.core !== core) return; // which asked, and is no more
        const sleep = since(world.now, host.asleepUntil);
        if (sleep > 0) world.after(sleep, tell);
        else world.input(host, { kind: 'answer', ticket, answer });
      };
      world.after(milliseconds(1), tell);
      return;
    }
    case 'report':
      host.events.push(effect.event);
      // Whatever a scenario looks at: a broken assumption of ours fails it.
      if (levelOf[effect.event.kind] === 'error') throw new Error(errorOf(effect.event));
      if (host.watcher) world.after(milliseconds(0), () => host.watcher?.(effect.event));
      return;
    case 'move':
      host.paths.set(effect.child, effect.path);
      host.encaps.set(effect.child, effect.encap);
      return;
    case 'disclose': {
      const { spiI, spiR, skEi, skEr, skAi, skAr } = effect.keys;
      host.secrecy.ofSa([skEi, skEr, skAi, skAr]);
      const keys = [skEi, skEr, skAi, skAr].map(toHex).join(' ');
      host.disclosed.set(toHex(spiI) + toHex(spiR), keys);
      return;
    }
    case 'closeTls':
      host.closedTls.push(effect.tls);
      return;
  }
}

const errorOf = (event: TraceEvent): string => (event.kind === 'bug' ? event.stack : event.kind);

function drop(list: number[], what: number): void {
  for (let at = list.indexOf(what); at >= 0; at = list.indexOf(what)) list.splice(at, 1);
}

const keepaliveByte = 0xff;
