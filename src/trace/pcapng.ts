// Recorded packets as a pcapng file (draft-ietf-opsawg-pcapng): one section, one interface of raw IP, a block for each
// packet, and how many were missed. Keys are not in it: Wireshark 4.5 knows no secrets block for IKE or ESP, and reads
// them from files of their own (keylog.ts).
import { Writer } from '../base/bytes.ts';
import { outerLength, outerPacket, type Sighting } from './outer.ts';

export interface FileFacts {
  readonly application: string;
  /** What somebody should know who opens the file. */
  readonly comment: string;
  readonly device: string;
  /** Packets that were not copied, for there was no room. */
  readonly missed: number;
}

/** @param sightings in the order of their times */
export function pcapng(
  sightings: readonly Sighting[],
  { application, comment, device, missed }: FileFacts,
): Uint8Array {
  const w = new Writer();
  block(w, blocks.section, (body) => {
    body.u32(byteOrderMagic);
    body.u16(1); // version 1.0
    body.u16(0);
    body.u32(0xffffffff); // how long the section is, is not said
    body.u32(0xffffffff);
    option(body, 1, text(comment));
    option(body, 4, text(application));
    endOfOptions(body);
  });
  block(w, blocks.interface, (body) => {
    body.u16(linktypeRaw);
    body.u16(0);
    body.u32(0); // packets are cut as they were asked for, and each says how long it was
    option(body, 2, text(device));
    option(body, 9, Uint8Array.of(6)); // times are in microseconds
    endOfOptions(body);
  });
  for (const one of sightings) packet(w, one);
  block(w, blocks.statistics, (body) => {
    body.u32(0);
    time(body, sightings.at(-1)?.atUs ?? 0);
    option(body, 4, u64(sightings.length + missed));
    option(body, 5, u64(missed));
    endOfOptions(body);
  });
  return w.finish();
}

function packet(w: Writer, sighting: Sighting): void {
  const bytes = outerPacket(sighting);
  block(w, blocks.packet, (body) => {
    body.u32(0);
    time(body, sighting.atUs);
    body.u32(bytes.length);
    body.u32(outerLength(sighting));
    padded(body, bytes);
    option(body, 2, u32(sighting.leaves ? outbound : inbound));
    endOfOptions(body);
  });
}

/** The length stands on both sides, so that a file can be read backwards. */
function block(w: Writer, type: number, fill: (body: Writer) => void): void {
  const body = new Writer();
  fill(body);
  const length = 12 + body.length;
  w.u32(type);
  w.u32(length);
  w.bytes(body.finish());
  w.u32(length);
}

function option(w: Writer, code: number, value: Uint8Array): void {
  w.u16(code);
  w.u16(value.length);
  padded(w, value);
}

const endOfOptions = (w: Writer): void => w.u32(0);

function padded(w: Writer, bytes: Uint8Array): void {
  w.bytes(bytes);
  w.bytes(new Uint8Array(-bytes.length & 3));
}

function time(w: Writer, microseconds: number): void {
  w.u32(Math.floor(microseconds / 2 ** 32));
  w.u32((microseconds % 2 ** 32) >>> 0);
}

function u32(value: number): Uint8Array {
  const w = new Writer();
  w.u32(value);
  return w.finish();
}
function u64(value: number): Uint8Array {
  const w = new Writer();
  w.u32(0);
  w.u32(value);
  return w.finish();
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Numbers are big-endian, as everywhere else here; its place says so. */
const byteOrderMagic = 0x1a2b3c4d;
const blocks = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const;
/** LINKTYPE_RAW: packets begin with an IP header of either version. */
const linktypeRaw = 101;
/** Bits of epb_flags. */
const [inbound, outbound] = [1, 2];
