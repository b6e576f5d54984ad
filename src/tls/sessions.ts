// The TLS connections that EAP methods hold, by number: bounded in count and in time. Answers the questions
// `openTls`, `tls` and `exportTls`.
import { type Duration, seconds } from '../base/time.ts';
import type { TlsCertificate, TlsOpening, TlsProgress, TlsRef } from '../ike/core.ts';
import { type OwnKey, TlsConnection, type Wanted } from './connection.ts';

/** The private key as PKCS#8 in PEM, wiped by who takes it; undefined: there is none of this name. */
export type ExportKey = (keyId: string) => Uint8Array | undefined;
/** @returns how to cancel */
type After = (delay: Duration, run: () => void) => () => void;

interface Session {
  readonly connection: TlsConnection;
  readonly cancel: () => void;
  /** Undefined: we began it. */
  readonly source: string | undefined;
}

export class TlsSessions {
  readonly #after: After;
  /** The oldest first. */
  readonly #open = new Map<TlsRef, Session>();
  #last = 0;

  constructor(after: After) {
    this.#after = after;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Undefined: the key is not there. Where all places are taken, the oldest of the source that has most goes: strangers that
   * began and fell silent, or begin on and on, must not keep everybody out. @throws Error when OpenSSL does not take the key
   */
  open(opening: TlsOpening, exportKey: ExportKey): { readonly tls: TlsRef } | undefined {
    const own = opening.own && ownKey(opening.own, exportKey);
    if (opening.own && !own) return undefined;
    const connection = this.#connection(opening, own);
    if (!connection) return undefined;
    if (this.#open.size >= mostSessions) this.#makeRoom();
    this.#last += 1;
    const tls = this.#last as TlsRef;
    const cancel = this.#after(longestSession, () => this.close(tls));
    const source = opening.role === 'server' ? opening.source : undefined;
    this.#open.set(tls, { connection, cancel, source });
    return { tls };
  }

  async step(tls: TlsRef, records: Uint8Array, data: Uint8Array): Promise<TlsProgress> {
    const session = this.#open.get(tls);
    return session?.connection.step(records, data) ?? gone;
  }

  /** Undefined: there is no such connection, or it is not established. The asker wipes the key. */
  export(tls: TlsRef, wanted: Wanted): Uint8Array | undefined {
    return this.#open.get(tls)?.connection.export(wanted);
  }

  /** What is closed already may be closed again. */
  close(tls: TlsRef): void {
    const session = this.#open.get(tls);
    this.#open.delete(tls);
    session?.cancel();
    session?.connection.close();
  }

  #makeRoom(): void {
    const counts = new Map<string | undefined, number>();
    for (const { source } of this.#open.values()) counts.set(source, (counts.get(source) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [tls, { source }] of this.#open) {
      if (counts.get(source) !== most) continue;
      this.close(tls);
      return;
    }
  }

  #connection(opening: TlsOpening, own: OwnKey | undefined): TlsConnection | undefined {
    try {
      if (opening.role === 'client') return new TlsConnection({ role: 'client', own });
      return own && new TlsConnection({ ...opening, own });
    } finally {
      own?.key.fill(0);
    }
  }
}

function ownKey({ keyId, chain }: TlsCertificate, exportKey: ExportKey): OwnKey | undefined {
  const key = exportKey(keyId);
  return key && { key, certificates: chain.map(pemOf).join('') };
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const gone: TlsProgress = {
  ok: false,
  why: 'the TLS connection took too long, or others needed its place',
  records: new Uint8Array(0),
};
/** Each costs a few dozen KiB. */
const mostSessions = 64;
/** Windows needs nine round trips, a person a moment to type. */
const longestSession = seconds(60);
