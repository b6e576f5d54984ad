// What the methods may ask about captures: recordings of one peer's packets, for Wireshark.
import { Refused } from './method.ts';

export interface CaptureDesk {
  /** @throws Refused */
  start(request: CaptureRequest): CaptureFacts;
  /** Ends the one that runs. @throws Refused when none does */
  stop(): CaptureFacts;
  list(): readonly CaptureFacts[];
  /** A piece of a file. @throws Refused */
  fetch(id: string, file: string, offset: number): Piece;
  /** @returns whether there was one */
  remove(id: string): boolean;
}

export interface CaptureRequest {
  /** An address, or a name that it proves. */
  readonly peer: string;
  readonly seconds: number;
  readonly packets: number;
  readonly bytes: number;
  /** Whoever has the files can read what was recorded. */
  readonly withKeys: boolean;
}

export interface CaptureFacts {
  readonly id: string;
  readonly peer: string;
  readonly state: 'running' | 'finished' | 'failed';
  /** Why it is over. */
  readonly why: 'time' | 'stopped' | 'full' | undefined;
  /** Why it failed. */
  readonly fault: string | undefined;
  /** Seconds since 1970. */
  readonly since: number;
  /** When it ends; when its files are removed. */
  readonly until: number;
  readonly packets: number;
  readonly bytes: number;
  /** ESP packets that were not copied, for there was no room. */
  readonly missed: number;
  readonly withKeys: boolean;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

export interface Piece {
  readonly content: Uint8Array;
  /** Where the next piece begins; undefined: this was the last. */
  readonly next: number | undefined;
}

/** The same desk for whoever comes by a way that others may listen on: keys do not go over it. */
export function keyless(desk: CaptureDesk): CaptureDesk {
  const refuse = (): never => {
    throw new Refused('keys are given away by ikectl and the web server of the router alone');
  };
  const hasKeys = (id: string): boolean => desk.list().some((one) => one.id === id && one.withKeys);
  return {
    start: (request) => (request.withKeys ? refuse() : desk.start(request)),
    stop: () => desk.stop(),
    list: () => desk.list(),
    fetch: (id, file, offset) => (hasKeys(id) ? refuse() : desk.fetch(id, file, offset)),
    remove: (id) => desk.remove(id),
  };
}
