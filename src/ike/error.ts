// Refusals: the one table from a notify's name to its code, what dies with it, and what the owner can do.
import { Notification } from '../iana/notifies.ts';
import type { Cause } from './causes.ts';

interface FaultRow {
  readonly code: number;
  /** `ike`: the IKE SA ends; `exchange`: only what was asked for is refused (RFC 7296 §2.21). */
  readonly kills: 'ike' | 'exchange';
  /** Where the place that refuses knows no better. */
  readonly cause: Cause;
  readonly advice: string;
}

const faults = {
  UNSUPPORTED_CRITICAL_PAYLOAD: {
    code: Notification.UNSUPPORTED_CRITICAL_PAYLOAD,
    kills: 'exchange',
    cause: 'extension-missing',
    advice: 'The peer insists on an extension that this gateway does not have; update one of them.',
  },
  INVALID_SYNTAX: {
    code: Notification.INVALID_SYNTAX,
    kills: 'ike',
    cause: 'broken-message',
    advice: 'The peer sent a message that breaks the protocol; capture it and report it.',
  },
  INVALID_MAJOR_VERSION: {
    code: Notification.INVALID_MAJOR_VERSION,
    kills: 'exchange',
    cause: 'old-version',
    advice: 'The peer speaks another version of IKE; set it to IKEv2.',
  },
  NO_PROPOSAL_CHOSEN: {
    code: Notification.NO_PROPOSAL_CHOSEN,
    kills: 'exchange',
    cause: 'no-common-algorithm',
    advice:
      'Offer an algorithm of this gateway on the peer, or add one of the peer here (suite, ike, esp).',
  },
  INVALID_KE_PAYLOAD: {
    code: Notification.INVALID_KE_PAYLOAD,
    kills: 'exchange',
    cause: 'try-again',
    advice:
      'Nothing to do: the peer tries again with the key exchange method that was named to it.',
  },
  AUTHENTICATION_FAILED: {
    code: Notification.AUTHENTICATION_FAILED,
    kills: 'ike',
    cause: 'login-refused',
    advice: 'Check the identity and the key, password or certificate on both sides.',
  },
  NO_ADDITIONAL_SAS: {
    code: Notification.NO_ADDITIONAL_SAS,
    kills: 'exchange',
    cause: 'too-many-tunnels',
    advice: 'The peer asked for one more tunnel on the same connection; it has one already.',
  },
  INTERNAL_ADDRESS_FAILURE: {
    code: Notification.INTERNAL_ADDRESS_FAILURE,
    kills: 'exchange',
    cause: 'pool-empty',
    advice: 'Give the pool a larger range, or disconnect devices that are not used.',
  },
  FAILED_CP_REQUIRED: {
    code: Notification.FAILED_CP_REQUIRED,
    kills: 'exchange',
    cause: 'no-address-wanted',
    advice: 'Set the peer to ask for a virtual address, or remove option pool from the connection.',
  },
  TS_UNACCEPTABLE: {
    code: Notification.TS_UNACCEPTABLE,
    kills: 'exchange',
    cause: 'networks-refused',
    advice: 'Make the networks of both sides overlap (local_ts and remote_ts here).',
  },
  TEMPORARY_FAILURE: {
    code: Notification.TEMPORARY_FAILURE,
    kills: 'exchange',
    cause: 'try-again',
    advice: 'Nothing to do: the peer tries again.',
  },
  STATE_NOT_FOUND: {
    code: Notification.STATE_NOT_FOUND,
    kills: 'exchange',
    cause: 'try-again',
    advice: 'Nothing to do: the peer begins again.',
  },
  CHILD_SA_NOT_FOUND: {
    code: Notification.CHILD_SA_NOT_FOUND,
    kills: 'exchange',
    cause: 'try-again',
    advice: 'Nothing to do: the peer asked for a tunnel that is gone.',
  },
} as const satisfies Readonly<Record<string, FaultRow>>;

export type Fault = keyof typeof faults;
export const faultCode = (fault: Fault): number => faults[fault].code;
export const faultKills = (fault: Fault): 'ike' | 'exchange' => faults[fault].kills;

/** The peer, or our policy, ended this exchange. `why` and `advice` are for the owner; the peer hears the code. */
export class IkeError extends Error {
  override readonly name = 'IkeError';
  readonly fault: Fault;
  override readonly cause: Cause;
  readonly why: string;
  readonly advice: string;
  /** Notification data: the wanted group, the critical payload's type. */
  readonly data: Uint8Array;
  /** The SPI of the CHILD_SA that it is about; empty: none. */
  readonly spi: Uint8Array;

  constructor(
    fault: Fault,
    why: string,
    more: { cause?: Cause; advice?: string; data?: Uint8Array; spi?: Uint8Array } = {},
  ) {
    super(`${fault}: ${why}`);
    this.fault = fault;
    this.why = why;
    this.cause = more.cause ?? faults[fault].cause;
    this.advice = more.advice ?? faults[fault].advice;
    this.data = more.data ?? new Uint8Array(0);
    this.spi = more.spi ?? new Uint8Array(0);
  }
}

/** The peer refused our request; `notify` is what it said. */
export class PeerRefused extends Error {
  override readonly name = 'PeerRefused';
  readonly notify: number;
  readonly notifyName: string;
  constructor(notify: number, notifyName: string) {
    super(`the peer answered ${notifyName}`);
    this.notify = notify;
    this.notifyName = notifyName;
  }
}
