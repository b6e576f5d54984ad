// The beginning and the end of an established IKE SA, and of a CHILD_SA: what must be said, given back, wiped.
import { seconds } from '../../base/time.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { Protocol } from '../../iana/protocols.ts';
import { formatSuite } from '../../transforms/parse.ts';
import { beginAuthLifetime } from '../extensions/auth-lifetime.ts';
import { natOf } from '../extensions/nat-detection.ts';
import { ppkOf } from '../extensions/ppk.ts';
import { Draft } from '../message.ts';
import type { ChildSa } from './child-sa.ts';
import { dropFollowUps } from './follow-ups.ts';
import type { Closing, IkeSa } from './ike-sa.ts';
import { scheduleKeepalive } from './keepalive.ts';
import { releaseLease } from './lease.ts';
import { scheduleIkeRekey } from './lifetimes.ts';
import { activate, leaveAlone } from './renewal.ts';
import { pack } from './transport.ts';

/** Both sides are authenticated. */
export function establish(sa: IkeSa): void {
  sa.phase = 'established';
  sa.establishedAt = sa.host.now;
  sa.provenPath = sa.path;
  sa.host.registry.settle(sa);
  sa.handshake = undefined;
  sa.forgetFormerKeys();
  sa.judgeKeys(undefined);
  sa.timers.stop('half-open');
  const { dpd } = sa.connection ?? {};
  if (dpd !== undefined) sa.timers.start('liveness', sa.host.now, dpd);
  scheduleIkeRekey(sa);
  scheduleKeepalive(sa);
  beginAuthLifetime(sa);
  if (sa.former && !sa.dialled) awaitProof(sa, sa.former);
  const { local, remote } = natOf(sa);
  sa.host.report({
    kind: 'sa.established',
    sa: sa.id,
    connection: sa.connection?.name ?? '',
    peer: sa.peerName ?? '',
    user: sa.user,
    certificate: sa.certificate,
    path: sa.path,
    suite: sa.suite ? formatSuite(sa.suite) : '',
    addresses: sa.lease?.addresses ?? sa.virtualIps,
    nat: local || remote,
    ppk: ppkOf(sa),
  });
}

/**
 * Takes an SA out of service. With keys it lingers for a moment, only to repeat its last response: the
 * peer that lost it would otherwise retransmit into silence (RFC 7296 §2.1).
 */
export function retire(sa: IkeSa, closing: Closing): void {
  if (sa.phase === 'closing') return;
  const { task } = sa;
  const heir = task?.kind === 'rekey-ike' ? task.rival?.sa : undefined;
  if (heir?.heirOf === sa) retire(heir, closing); // there is nothing left to take over
  sa.heirOf = undefined;
  passOn(sa);
  for (const child of [...sa.children]) removeChild(sa, child, closing.why);
  stopExchanges(sa);
  dropFollowUps(sa);
  releaseLease(sa);
  leaveAlone(sa);
  reportClosed(sa, closing);
  sa.phase = 'closing';
  sa.handshake = undefined;
  sa.timers.stopAll();
  if (sa.hasKeys && sa.window.answeredId !== undefined) linger(sa);
  else bury(sa);
}

function linger(sa: IkeSa): void {
  const { host } = sa;
  sa.timers.start('linger', host.now, lingering);
  const surplus = host.registry.linger(sa);
  if (!surplus) return;
  bury(surplus);
  host.count('lingering.evicted');
}

/** Ends an SA at once and says so, without waiting to be heard: it must not be kept for that. */
export function farewell(sa: IkeSa, closing: Closing): void {
  if (sa.phase === 'closing') return;
  const draft = new Draft(Exchange.INFORMATIONAL, 'request');
  draft.add(PayloadType.DELETE, { protocol: Protocol.IKE, spis: [] });
  for (const bytes of pack(sa, draft, sa.window.nextMessageId)) {
    sa.host.emit({ kind: 'send', path: sa.path, bytes });
  }
  retire(sa, closing);
}

/** Where another SA takes its place, late packets still come in on its children for a moment. */
function passOn(sa: IkeSa): void {
  const { renewal } = sa;
  if (renewal?.phase !== 'established') return;
  for (const child of sa.children.filter(({ state }) => state !== 'draining')) {
    sa.children.splice(sa.children.indexOf(child), 1);
    child.timers.stopAll();
    child.state = 'draining';
    renewal.children.push(child);
    child.timers.start('drained', sa.host.now, lateness);
  }
}

/** Forgets an SA for good. */
export function bury(sa: IkeSa): void {
  sa.timers.stopAll();
  sa.host.expire(sa);
  sa.host.registry.remove(sa);
}

/**
 * A CHILD_SA was deleted. Where another took its place, packets that the peer sent before may still be on
 * their way: it receives a little longer, and sends no more.
 */
export function drain(sa: IkeSa, child: ChildSa, why: string): void {
  child.timers.stopAll();
  if (!child.successor || !sa.children.includes(child.successor)) {
    removeChild(sa, child, why);
    return;
  }
  const draining = sa.children.filter(({ state }) => state === 'draining');
  for (const one of draining.slice(0, -1)) removeChild(sa, one, why); // two at the most, whatever the peer does
  child.state = 'draining';
  activate(sa, child.successor);
  child.timers.start('drained', sa.host.now, lateness);
}

/** Takes a CHILD_SA out of the data plane and wipes its keys. */
export function removeChild(sa: IkeSa, child: ChildSa, why: string): void {
  const at = sa.children.indexOf(child);
  if (at >= 0) sa.children.splice(at, 1);
  child.timers.stopAll();
  sa.host.emit({ kind: 'remove', child: child.ref });
  sa.host.report({ kind: 'child.closed', sa: sa.id, child: child.ref, why });
  sa.host.expire(child);
}

/** Drops what is under way; the generators wipe what they hold. */
function stopExchanges(sa: IkeSa): void {
  for (const run of [sa.incoming, sa.outgoing]) {
    if (run?.waits.for === 'answer') sa.host.waiting.delete(run.waits.ticket);
    if (run && run.waits.for !== 'nothing') run.steps.return(undefined);
  }
  sa.incoming = undefined;
  sa.outgoing = undefined;
  for (const { abandon } of sa.queue.splice(0)) abandon?.(sa);
}

function reportClosed(sa: IkeSa, { cause, why }: Closing): void {
  // An attempt that failed was told as such; one that was replaced goes on as another.
  if (sa.establishedAt === undefined || sa.phase === 'rekeying') return;
  const { id, path, peerName: peer, host } = sa;
  const connection = sa.connection?.name;
  host.report({ kind: 'sa.closed', sa: id, connection, peer, path, cause, why });
}

/** The peer made this SA beside another: which one it sends on is known when it used this one. */
function awaitProof(sa: IkeSa, former: IkeSa): void {
  sa.timers.start('unproven', sa.host.now, promptness);
  if (sa.connection?.unique !== 'never') former.timers.start('outlived', sa.host.now, patience);
}

const promptness = seconds(1);
const patience = seconds(60);
const lingering = seconds(10);
const lateness = seconds(5);
