// The desk of captures: one runs at a time, and the files of the last few wait to be fetched, in memory that looks like
// files (/var/run), for their owner alone, and not for long.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { printable } from '../../base/printable.ts';
import type { DataPlane, TappedPacket } from '../../dataplane/dataplane.ts';
import type { Command, Core, Path, SaSnapshot } from '../../ike/core.ts';
import type { TraceEvent } from '../../ike/events.ts';
import type { CaptureDesk, CaptureFacts, CaptureRequest, Piece } from '../../rpc/captures.ts';
import { Refused } from '../../rpc/method.ts';
import type { Log } from '../../trace/log.ts';
import { pcapng } from '../../trace/pcapng.ts';
import { version } from '../../version.ts';
import { writeAtomically } from '../atomic-file.ts';
import { codeOf } from '../trouble.ts';
import { Capture } from './capture.ts';
import { Followed } from './followed.ts';
import type { KeySink } from './keys.ts';

export interface CapturePlace {
  /** For the files of captures alone. */
  readonly folder: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly plane: Pick<DataPlane, 'tap' | 'counters'>;
  readonly nattPort: number;
  readonly device: string;
  readonly core: Pick<Core, 'snapshot'>;
  readonly command: (one: Command) => void;
  /** What else an IKE SA is called, beside its identity and its user. */
  readonly nameOf: (sa: SaSnapshot) => string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** @returns how to cancel */
  readonly after: (ms: number, run: () => void) => () => void;
}

interface Running {
  readonly request: CaptureRequest;
  readonly capture: Capture;
  readonly followed: Followed;
  readonly facts: CaptureFacts;
  readonly missedBefore: bigint;
  readonly cancel: () => void;
}

interface Kept {
  readonly facts: CaptureFacts;
  readonly forget: () => void;
}

/** Everything of the service passes by here, and costs nothing while nobody captures. */
export class Captures implements CaptureDesk {
  readonly #place: CapturePlace;
  readonly #kept: Kept[] = [];
  #running: Running | undefined;
  #count = 0;

  /** Removes what a service left that did not end in peace. */
  constructor(place: CapturePlace) {
    this.#place = place;
    empty(place.folder);
  }

  start(request: CaptureRequest): CaptureFacts {
    if (this.#running) {
      const { peer } = this.#running.request;
      throw new Refused(`a capture of ${printable(peer, 80)} is running: stop it first`);
    }
    const { log, plane, after } = this.#place;
    const { peer, seconds, withKeys } = request;
    const followed = new Followed(peer, (sa) => [
      ...[sa.peer, sa.user, sa.connection],
      this.#place.nameOf(sa),
    ]);
    const missedBefore = plane.counters()['tap-dropped'] ?? 0n;
    const capture = this.#open(request, followed);
    const cancel = after(seconds * 1000, () => this.#finish('time'));
    const since = this.#seconds();
    const facts: CaptureFacts = {
      ...{ id: `${++this.#count}`, peer, state: 'running', why: undefined, fault: undefined },
      ...{ since, until: since + seconds, packets: 0, bytes: 0, missed: 0, withKeys, files: [] },
    };
    this.#running = { request, capture, followed, facts, missedBefore, cancel };
    const what = `capture of ${printable(peer, 80)} for ${seconds} s`;
    if (withKeys) log.warn(`${what}, with keys: whoever has its files can read what is recorded`);
    else log.info(what);
    if (withKeys) this.#renewKeys(followed);
    return this.#factsOf(this.#running);
  }

  stop(): CaptureFacts {
    const facts = this.#finish('stopped');
    if (!facts) throw new Refused('no capture is running');
    return facts;
  }

  list(): readonly CaptureFacts[] {
    const running = this.#running ? [this.#factsOf(this.#running)] : [];
    return [...this.#kept.map(({ facts }) => facts), ...running];
  }

  fetch(id: string, name: string, offset: number): Piece {
    const kept = this.#kept.find(({ facts }) => facts.id === id);
    const file = kept?.facts.files.find((one) => one.name === name);
    if (!file) throw new Refused('there is no such file: it was removed, or is not written yet');
    const content = readPiece(this.#pathOf(id, name), offset);
    const end = offset + content.length;
    return { content, next: content.length > 0 && end < file.bytes ? end : undefined };
  }

  remove(id: string): boolean {
    const at = this.#kept.findIndex(({ facts }) => facts.id === id);
    const [kept] = at < 0 ? [] : this.#kept.splice(at, 1);
    kept?.forget();
    discard(join(this.#place.folder, id));
    return kept !== undefined;
  }

  /** Nothing of a capture outlives the service. */
  close(): void {
    if (this.#running) this.#end(this.#running);
    for (const { facts } of [...this.#kept]) this.remove(facts.id);
    empty(this.#place.folder);
  }

  /** An IKE message, as the core gets or gives it. */
  see(direction: 'in' | 'out', path: Path, message: Uint8Array): void {
    this.#running?.capture.see(direction, path, message);
    this.#stopWhenFull();
  }

  seeTapped(packet: TappedPacket): void {
    this.#running?.capture.seeTapped(packet);
    this.#stopWhenFull();
  }

  heed(event: TraceEvent): void {
    this.#running?.capture.heed(event);
  }

  readonly keys: KeySink = {
    disclose: (keys) => this.#running?.capture.keys?.disclose(keys),
    install: (child) => this.#running?.capture.keys?.install(child),
    move: (child, path) => this.#running?.capture.keys?.move(child, path),
    remove: (child) => this.#running?.capture.keys?.remove(child),
  };

  #open({ withKeys, packets, bytes }: CaptureRequest, followed: Followed): Capture {
    const { plane, nattPort, core, command, now } = this.#place;
    const capture = new Capture({
      ...{ followed, withKeys, nattPort, bounds: { packets, bytes } },
      nowUs: () => now() * 1000,
      sas: () => core.snapshot().sas,
      tap: (wanted) => plane.tap(wanted),
    });
    if (withKeys) command({ kind: 'disclose', isOn: true });
    return capture;
  }

  /**
   * New keys for all that the peer has: those in the files then open nothing of before the capture, and nothing of
   * after it.
   */
  #renewKeys({ standing }: Followed): void {
    const { command } = this.#place;
    for (const { id: sa, children, establishedAt } of standing) {
      if (establishedAt === undefined) continue;
      command({ kind: 'rekey', sa, child: undefined });
      for (const { ref: child } of children) command({ kind: 'rekey', sa, child });
    }
  }

  #stopWhenFull(): void {
    if (this.#running?.capture.recording.isFull) this.#finish('full');
  }

  /** Nobody looks any more. */
  #end({ cancel, request }: Running): void {
    const { plane, command } = this.#place;
    this.#running = undefined;
    cancel();
    plane.tap(undefined);
    if (request.withKeys) command({ kind: 'disclose', isOn: false });
  }

  #finish(why: 'time' | 'stopped' | 'full'): CaptureFacts | undefined {
    const running = this.#running;
    if (!running) return undefined;
    running.capture.look();
    const before = this.#factsOf(running);
    this.#end(running);
    if (running.request.withKeys) this.#renewKeys(running.followed);
    const until = this.#seconds() + keepSeconds;
    const facts = { ...before, why, until, ...this.#write(running, before) };
    const forget = this.#place.after(keepSeconds * 1000, () => this.remove(facts.id));
    this.#kept.push({ facts, forget });
    const [oldest] = this.#kept.length > mostKept ? this.#kept : [];
    if (oldest) this.remove(oldest.facts.id);
    this.#place.log.info(`the capture of ${printable(facts.peer, 80)} is over: ${wordsOf(facts)}`);
    return facts;
  }

  #write(
    { capture, request: { withKeys } }: Running,
    { id, missed }: CaptureFacts,
  ): Pick<CaptureFacts, 'state' | 'fault' | 'files'> {
    const contents: Record<string, string | Uint8Array> = {
      'capture.pcapng': pcapng(capture.recording.inOrder(), {
        application: `ikev2-ts ${version}`,
        comment: withKeys ? commentWithKeys : comment,
        device: this.#place.device,
        missed,
      }),
      ...capture.keyFiles(),
    };
    try {
      mkdirSync(join(this.#place.folder, id), { recursive: true, mode: 0o700 });
      const files = Object.entries(contents).map(([name, content]) => {
        writeAtomically(this.#pathOf(id, name), content);
        return { name, bytes: statSync(this.#pathOf(id, name)).size };
      });
      return { state: 'finished', fault: undefined, files };
    } catch (error) {
      discard(join(this.#place.folder, id));
      const fault = `its files could not be written (${codeOf(error) ?? error})`;
      return { state: 'failed', fault, files: [] };
    }
  }

  #factsOf({ facts, capture, missedBefore }: Running): CaptureFacts {
    const { packets, bytes } = capture.recording;
    const dropped = this.#place.plane.counters()['tap-dropped'] ?? 0n;
    return { ...facts, packets, bytes, missed: Number(dropped - missedBefore) };
  }

  #pathOf(id: string, name: string): string {
    return join(this.#place.folder, id, name);
  }

  #seconds(): number {
    return Math.floor(this.#place.now() / 1000);
  }
}

/** The folder itself may be a mount of its own. */
function empty(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) discard(join(folder, name));
}

function discard(path: string): void {
  if (existsSync(path)) rmSync(path, { recursive: true });
}

function readPiece(path: string, offset: number): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const piece = new Uint8Array(pieceBytes);
    return piece.slice(0, readSync(file, piece, 0, pieceBytes, offset));
  } finally {
    closeSync(file);
  }
}

const wordsOf = ({ state, fault, packets, missed }: CaptureFacts): string =>
  state === 'failed' ? `${fault}` : `${packets} packets, ${missed} more had no room`;

const comment = 'IP and UDP headers are made again: TTL and identification are not what they were.';
const commentWithKeys = `${comment} The keys are in ikev2_decryption_table and esp_sa.`;
/** In base64 and JSON it has to fit a message of ubus, of a megabyte. */
const pieceBytes = 192 * 1024;
const keepSeconds = 600;
/** Finished ones. */
const mostKept = 2;
