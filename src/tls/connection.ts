// One TLS connection without a socket: records in, records out (RFC 5216 §2.1.1). Node's own TLS does the work;
// who the peer is, is judged elsewhere by its certificates. Nothing is resumed, renegotiated or sent early.
import { constants } from 'node:crypto';
import { Duplex } from 'node:stream';
import {
  connect,
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
  TLSSocket,
} from 'node:tls';
import { concat } from '../base/bytes.ts';
import type { TlsProgress } from '../ike/core.ts';

export interface OwnKey {
  /** PKCS#8 in PEM. */
  readonly key: Uint8Array;
  /** End entity first; PEM. */
  readonly certificates: string;
}

export type Side =
  | { readonly role: 'server'; readonly own: OwnKey; readonly wantsCertificate: boolean }
  | { readonly role: 'client'; readonly own: OwnKey | undefined };

export interface Wanted {
  readonly label: string;
  readonly context: Uint8Array | undefined;
  readonly length: number;
}

export class TlsConnection {
  readonly #wire = new Wire();
  readonly #socket: TLSSocket;
  #data: Uint8Array[] = [];
  #established: '1.2' | '1.3' | undefined;
  #failure: string | undefined;
  #chain: readonly Uint8Array[] = [];
  #received = 0;
  #sent = 0;

  /** @throws Error when OpenSSL does not take our key or certificate */
  constructor(side: Side) {
    this.#socket = side.role === 'server' ? serve(this.#wire, side) : dial(this.#wire, side.own);
    this.#socket.on('secure', () => this.#complete());
    this.#socket.on('data', (data: Uint8Array) => this.#data.push(data));
    // Never taken off: an error that nobody hears ends the process.
    this.#socket.on('error', (error) => this.#fail(reasonOf(error)));
    this.#socket.on('end', () => this.#fail('the peer closed the TLS connection'));
    this.#wire.on('error', () => {});
  }

  /** Takes records of the peer, and what we want to say; @returns what came of it */
  async step(records: Uint8Array, data: Uint8Array): Promise<TlsProgress> {
    this.#received += records.length;
    if (this.#received > mostBytes) this.#fail('the peer sent too much in one TLS connection');
    if (this.#failure === undefined && records.length > 0) {
      this.#wire.push(records);
    }
    await this.#settled();
    if (this.#failure === undefined && data.length > 0) {
      if (this.#established) this.#socket.write(data);
      else this.#fail('there was something to say before the TLS handshake was complete');
      await this.#settled();
    }
    return this.#progress();
  }

  /** Undefined before the handshake is complete. */
  export({ label, context, length }: Wanted): Uint8Array | undefined {
    if (!this.#established || this.#failure !== undefined) return undefined;
    // The typings demand a context; without one the exporter of TLS 1.2 gives another result (RFC 5705 §4).
    const given = context && Buffer.from(context);
    return new Uint8Array(
      Reflect.apply(this.#socket.exportKeyingMaterial, this.#socket, [length, label, given]),
    );
  }

  close(): void {
    this.#fail('the TLS connection is closed');
    this.#socket.destroy();
    this.#wire.destroy();
  }

  #complete(): void {
    const version = this.#socket.getProtocol();
    if (version === 'TLSv1.3') this.#established = '1.3';
    else if (version === 'TLSv1.2') this.#established = '1.2';
    else this.#fail(`${version} is too old`);
  }

  #fail(why: string): void {
    this.#failure ??= why;
  }

  #progress(): TlsProgress {
    const records = this.#wire.collect();
    this.#sent += records.length;
    if (this.#sent > mostBytes) this.#fail('we would have sent too much in one TLS connection');
    const why = this.#failure;
    if (why !== undefined) return { ok: false, why, records };
    const data = concat(...this.#data);
    this.#data = [];
    return { ok: true, records, data, established: this.#established, chain: this.#peerChain() };
  }

  /** Read until it is there and then kept. X509Certificate objects would take the first out of OpenSSL's own list. */
  #peerChain(): readonly Uint8Array[] {
    if (this.#chain.length > 0 || this.#socket.destroyed) return this.#chain;
    const chain: Uint8Array[] = [];
    let certificate: DetailedPeerCertificate | undefined = this.#socket.getPeerCertificate(true);
    while (certificate?.raw && chain.length < mostCertificates) {
      chain.push(new Uint8Array(certificate.raw));
      const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
      certificate = issuer === certificate ? undefined : issuer; // a root is its own issuer
    }
    this.#chain = chain;
    return chain;
  }

  /**
   * Streams hand on what they have in later turns of the loop, and say nothing when there is no more: done is
   * when some turns have brought nothing. All mathematics happens within these turns, not on other threads.
   */
  async #settled(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; quiet < quietTurns && turn < mostTurns; turn++) {
      const before = this.#activity();
      await new Promise<void>((done) => setImmediate(done));
      quiet = this.#activity() === before ? quiet + 1 : 0;
    }
  }

  #activity(): string {
    const { written, readableLength } = this.#wire;
    return `${written} ${readableLength} ${this.#data.length} ${this.#established} ${this.#failure}`;
  }
}

/** What lies below TLS: two queues of bytes. */
class Wire extends Duplex {
  #out: Uint8Array[] = [];
  /** Bytes that TLS wrote so far. */
  written = 0;

  /** What was written since the last time. */
  collect(): Uint8Array {
    const out = concat(...this.#out);
    this.#out = [];
    return out;
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#out.push(chunk);
    this.written += chunk.length;
    done();
  }
}

function serve(wire: Duplex, { own, wantsCertificate }: Side & { role: 'server' }): TLSSocket {
  return new TLSSocket(wire, {
    isServer: true,
    secureContext: contextOf(own),
    requestCert: wantsCertificate,
    rejectUnauthorized: false,
  });
}

function dial(wire: Duplex, own: OwnKey | undefined): TLSSocket {
  return connect({ socket: wire, secureContext: contextOf(own), rejectUnauthorized: false });
}

/**
 * A context for one connection: its tickets open with keys that die with it, so nothing is ever resumed. The
 * empty list of authorities keeps Node from reading its own, which have no say here.
 */
function contextOf(own: OwnKey | undefined): SecureContext {
  const identity = own && { key: Buffer.from(own.key), cert: own.certificates };
  const { SSL_OP_NO_RENEGOTIATION, SSL_OP_NO_TICKET, SSL_OP_LEGACY_SERVER_CONNECT } = constants;
  // strongSwan as a server does not say that it renegotiates securely (RFC 5746 §3.4); nobody renegotiates here.
  const secureOptions = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_LEGACY_SERVER_CONNECT;
  const context = createSecureContext({
    ...identity,
    ca: [],
    minVersion: 'TLSv1.2',
    secureOptions,
  });
  identity?.key.fill(0);
  return context;
}

/** OpenSSL's reason without the place in its source. */
function reasonOf(error: Error): string {
  const reason = 'reason' in error ? error.reason : undefined;
  return `TLS: ${typeof reason === 'string' ? reason : 'the connection failed'}`;
}

/** In each direction: five large certificates each way fit in several times. */
const mostBytes = 65_536;
const mostCertificates = 16;
const quietTurns = 3;
const mostTurns = 1000;
