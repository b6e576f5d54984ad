// A CHILD_SA from what was negotiated: keys, the data plane's order, its timers (RFC 7296 §2.17). Whoever
// negotiates it (IKE_AUTH, CREATE_CHILD_SA) ends here.
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Selector } from '../../policy/selectors.ts';
import { type Chosen, formatSuite } from '../../transforms/parse.ts';
import type { ChildRef, Selectors } from '../core.ts';
import { IkeError } from '../error.ts';
import { encapsulationOf } from '../extensions/nat-detection.ts';
import type { Received } from '../message.ts';
import { narrow } from '../negotiate/selectors.ts';
import { ChildSa } from '../sa/child-sa.ts';
import { wipeAll } from '../sa/follow-ups.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { deriveChildKeys } from '../sa/keymat.ts';
import { scheduleRekey, trafficLimits } from '../sa/lifetimes.ts';
import { firstSpi, readSpi } from '../sa/spi.ts';
import { watchTraffic } from './inactivity.ts';
import { required } from './required.ts';

export interface ChildTerms {
  readonly chosen: Chosen;
  readonly spiIn: number;
  readonly spiOut: number;
  readonly selectors: Selectors;
  /** Nonces of the exchange that made it. */
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  /** Of the KE payloads; absent without PFS. */
  readonly shared?: Secret | undefined;
  /** Of additional key exchanges, in their order. */
  readonly more?: readonly Secret[] | undefined;
  /** Whether we began that exchange: it decides which keys are whose. */
  readonly began: boolean;
  readonly standby: boolean;
}

export function installChild(sa: IkeSa, terms: ChildTerms): ChildSa {
  const { suite, keys, host } = sa;
  invariant(suite, 'a child before IKE_SA_INIT');
  const { chosen, spiIn, spiOut, selectors, began, standby, shared } = terms;
  const prf = host.primitives[suite.prf.engine];
  const keymat = deriveChildKeys(prf, keys.skD, chosen, terms);
  shared?.wipe();
  wipeAll(terms.more ?? []);
  const [mine, theirs] = began
    ? [keymat.initiator, keymat.responder]
    : [keymat.responder, keymat.initiator];
  const spec = {
    ref: host.nextNumber() as ChildRef,
    sa: sa.id,
    path: sa.provenPath,
    encap: encapsulationOf(sa),
    cipher: chosen.encr.keyword,
    integrity: chosen.integ?.keyword,
    esn: chosen.esn?.keyword === 'esn',
    standby,
    inbound: { spi: spiIn, ...theirs },
    outbound: { spi: spiOut, ...mine },
    selectors,
    limits: trafficLimits(sa),
  };
  const child = new ChildSa(sa, spec, formatSuite(chosen));
  sa.children.push(child);
  if (spiIn === sa.expectedSpi) sa.expectedSpi = undefined;
  host.emit({ kind: 'install', child: spec });
  host.report({ kind: 'child.established', sa: sa.id, child: child.snapshot() });
  scheduleRekey(sa, child);
  watchTraffic(sa, child);
  return child;
}

/** What both sides agree to carry. @throws IkeError TS_UNACCEPTABLE */
export function narrowed(
  name: 'TSi' | 'TSr',
  allowed: readonly Selector[],
  message: Received,
): readonly Selector[] {
  const type = name === 'TSi' ? PayloadType.TSI : PayloadType.TSR;
  const selectors = narrow(allowed, required(message, type));
  if (selectors.length > 0) return selectors;
  throw new IkeError('TS_UNACCEPTABLE', `nothing of ${name} is allowed on this connection`);
}

/** The inbound SPI of a request of ours: packets may come for it before its response is read. */
export function announceSpi(sa: IkeSa): number {
  const spi = drawSpi(sa);
  sa.host.emit({ kind: 'expect', spi });
  sa.expectedSpi = spi;
  return spi;
}

/** An inbound SPI that no CHILD_SA of ours has. */
export function drawSpi({ host }: IkeSa): number {
  for (;;) {
    const spi = readSpi(host.random(4));
    if (spi >= firstSpi && !host.registry.hasInboundSpi(spi)) return spi;
  }
}
