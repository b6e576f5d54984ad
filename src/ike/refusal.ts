// What follows when an exchange throws: what the peer hears, what the owner reads, and what ends with it
// (RFC 7296 §2.21).
import { Exchange } from '../iana/exchanges.ts';
import { PayloadType } from '../iana/payloads.ts';
import { Protocol } from '../iana/protocols.ts';
import { WireError } from '../wire/codec.ts';
import { RuleError } from '../wire/rules.ts';
import type { Driver } from './driver.ts';
import { faultCode, faultKills, IkeError, PeerRefused } from './error.ts';
import { ppkAdvice } from './extensions/ppk.ts';
import type { Host } from './host.ts';
import { Draft } from './message.ts';
import type { Run } from './run.ts';
import type { IkeSa } from './sa/ike-sa.ts';
import { retire } from './sa/lifecycle.ts';
import { sendBare } from './stateless.ts';

/** Ends or answers an exchange that threw `thrown`. */
export function refuse(driver: Driver, host: Host, sa: IkeSa, run: Run, thrown: unknown): void {
  const error = asIkeError(thrown);
  if (error) refuseByRule(driver, host, sa, run, error);
  else if (thrown instanceof PeerRefused) giveUp(host, sa, thrown);
  else {
    reportBug(host, sa, thrown);
    retire(sa, { cause: 'bug', why: 'an assumption of this program was wrong' });
  }
}

/** A refusal, or undefined if `thrown` is neither the peer's fault nor our policy's. */
export function asIkeError(thrown: unknown): IkeError | undefined {
  if (thrown instanceof IkeError) return thrown;
  const isTheirs = thrown instanceof WireError || thrown instanceof RuleError;
  return isTheirs ? new IkeError('INVALID_SYNTAX', thrown.message) : undefined;
}

export function reportBug(host: Host, sa: IkeSa | undefined, thrown: unknown): void {
  const isError = thrown instanceof Error;
  const why = isError ? thrown.message : String(thrown);
  host.report({ kind: 'bug', sa: sa?.id, why, stack: (isError && thrown.stack) || why });
}

/** Why a handshake led nowhere, for the owner. */
export interface Setback extends Pick<IkeError, 'cause' | 'why' | 'advice'> {
  readonly fault: string;
}

/** A handshake led nowhere: the line that the owner reads. */
export function reportFailedAttempt(
  host: Host,
  sa: IkeSa,
  { fault, cause, why, advice }: Setback,
): void {
  const { path, origin } = sa;
  // The last message may have been sent from anywhere: who really has that address is not to be blamed.
  const remote = sa.establishedAt === undefined ? { ...path.remote, ip: origin } : path.remote;
  host.report({
    kind: 'attempt.failed',
    sa: sa.id,
    path: { local: path.local, remote },
    peer: sa.peerName ?? sa.claimedName,
    connection: sa.connection?.name,
    notify: fault,
    cause,
    why,
    advice,
  });
}

function refuseByRule(driver: Driver, host: Host, sa: IkeSa, run: Run, error: IkeError): void {
  const wasEstablished = sa.phase === 'established' || sa.phase === 'rekeying';
  if (error.fault === 'INVALID_KE_PAYLOAD') {
    host.report({ kind: 'note', sa: sa.id, why: error.why }); // everyday negotiation, not a failure
  } else if (wasEstablished) host.report({ kind: 'note', sa: sa.id, why: error.why });
  else reportFailedAttempt(host, sa, error);
  const kills = !wasEstablished || faultKills(error.fault) === 'ike';
  const decided = sa.closing;
  if (kills) sa.closing ??= { cause: 'failed', why: error.why };
  if (run.side === 'incoming') {
    answerWith(driver, host, sa, run.exchange as number, error);
  } else if (decided) {
    retire(sa, decided); // the peer was told that we are gone
  } else if (kills) {
    if (sa.hasKeys) {
      // The responder believes that all is well: tell it why, and that we are gone (RFC 7296 §2.21.2).
      const notice = new Draft(Exchange.INFORMATIONAL, 'request');
      notice.notify(faultCode(error.fault), error.data);
      driver.sayOnce(sa, notice.add(PayloadType.DELETE, { protocol: Protocol.IKE, spis: [] }));
    }
    retire(sa, { cause: 'failed', why: error.why });
  }
}

function answerWith(
  driver: Driver,
  host: Host,
  sa: IkeSa,
  exchange: number,
  error: IkeError,
): void {
  const { fault, data, spi } = error;
  const draft = new Draft(exchange, 'response').notify(faultCode(fault), data, spi);
  if (exchange !== Exchange.IKE_SA_INIT) {
    driver.conclude(sa, draft);
    return;
  }
  // Nothing is kept of a refused IKE_SA_INIT, so our SPI in the answer is zero (RFC 7296 §2.6).
  const { payloads } = draft;
  const came = sa.handshake?.request.length ?? 0;
  sendBare(host, sa.path, { exchange, spiI: sa.spiI, messageId: 0, payloads, came });
  retire(sa, { cause: 'failed', why: error.why });
}

function giveUp(host: Host, sa: IkeSa, refused: PeerRefused): void {
  const advice = ['Look at the log of the peer for the reason.', ppkAdvice(sa) ?? []]
    .flat()
    .join(' ');
  if (sa.establishedAt === undefined) {
    const { notifyName: fault, message: why } = refused;
    reportFailedAttempt(host, sa, { fault, cause: 'peer-refused', why, advice });
    retire(sa, { cause: 'failed', why: refused.message });
  }
}
