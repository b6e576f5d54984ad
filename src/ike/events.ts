// Everything the core reports, as one union. `trace/` prints, keeps and counts them; no secret is ever in one.
import type { Ip } from '../base/ip.ts';
import type { Cause } from './causes.ts';
import type { ChildRef, ChildSnapshot, Path, SaRef } from './core.ts';

export type TraceEvent = { readonly sa: SaRef | undefined } & (
  | {
      readonly kind: 'message';
      readonly direction: 'in' | 'out';
      readonly path: Path;
      /** Of all its datagrams; of one that came in fragments, those of the last. */
      readonly bytes: number;
      readonly message: MessageWords;
    }
  | {
      readonly kind: 'dropped';
      readonly path: Path;
      readonly reason: DropReason;
      readonly why: string;
    }
  | {
      readonly kind: 'sa.established';
      readonly connection: string;
      readonly peer: string;
      /** The account and the certificate that it came in by, as the snapshot of the SA has them. */
      readonly user: string | undefined;
      readonly certificate: string | undefined;
      readonly path: Path;
      readonly suite: string;
      readonly addresses: readonly Ip[];
      readonly nat: boolean;
      /** The id of the PPK in its keys. */
      readonly ppk: string | undefined;
    }
  | {
      readonly kind: 'sa.closed';
      readonly connection: string | undefined;
      readonly peer: string | undefined;
      readonly path: Path;
      readonly cause: CloseCause;
      readonly why: string;
    }
  | { readonly kind: 'child.established'; readonly child: ChildSnapshot }
  | { readonly kind: 'child.closed'; readonly child: ChildRef; readonly why: string }
  | { readonly kind: 'sa.rekeyed'; readonly old: SaRef }
  /** Packets go over another path from here on. */
  | { readonly kind: 'sa.moved'; readonly path: Path }
  /** A handshake that led nowhere: what was refused, why, and what the owner can do. */
  | {
      readonly kind: 'attempt.failed';
      readonly path: Path;
      readonly peer: string | undefined;
      readonly connection: string | undefined;
      readonly notify: string;
      readonly cause: Cause;
      readonly why: string;
      readonly advice: string;
    }
  | {
      readonly kind: 'retransmit';
      readonly path: Path;
      readonly messageId: number;
      readonly attempt: number;
    }
  /** The peer asked again, so our response went out again. */
  | { readonly kind: 'repeated'; readonly path: Path; readonly messageId: number }
  /** Of the gateway, of an authority or of a device; negative days: it is over. */
  | {
      readonly kind: 'certificate.expiring';
      readonly name: string;
      readonly subject: string;
      readonly days: number;
    }
  | { readonly kind: 'note'; readonly why: string }
  /** A broken assumption of ours. */
  | { readonly kind: 'bug'; readonly why: string; readonly stack: string }
);
export type EventKind = TraceEvent['kind'];

/** A message in the RFC's words: enough to draw the exchange, and nothing of what it carried. */
export interface MessageWords {
  readonly exchange: string;
  readonly isRequest: boolean;
  readonly messageId: number;
  /** In the RFC's notation and in their order; a long list ends with `…`. */
  readonly payloads: readonly string[];
  /** Datagrams that it travelled in. */
  readonly fragments: number;
}

export type CloseCause =
  | 'deleted-by-peer'
  | 'deleted-by-us'
  | 'timeout'
  | 'replaced'
  | 'failed'
  | 'bug';

/** Why a datagram was thrown away without an answer; each has a counter. */
export type DropReason =
  | 'malformed'
  | 'version'
  | 'unknown-spi'
  | 'unexpected'
  | 'integrity'
  | 'message-id'
  | 'rules';

/** What `logd` calls the severity. Only `error` means that we have a bug. */
export const levelOf: Readonly<Record<EventKind, 'error' | 'warn' | 'info' | 'debug'>> = {
  message: 'debug',
  dropped: 'debug',
  'sa.established': 'info',
  'sa.closed': 'info',
  'sa.rekeyed': 'info',
  'sa.moved': 'info',
  'child.established': 'info',
  'child.closed': 'info',
  'attempt.failed': 'warn',
  retransmit: 'debug',
  repeated: 'debug',
  'certificate.expiring': 'warn',
  note: 'info',
  bug: 'error',
};
