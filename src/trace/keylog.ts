// The keys of IKE and ESP SAs in the two files that Wireshark reads: `ikev2_decryption_table` and `esp_sa`.
// Off unless the owner asks for it: who has these files can read the traffic.
import { appendFileSync, chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../base/bytes.ts';
import { isIpv4 } from '../base/ip.ts';
import type { ChildRef, ChildSpec, DisclosedKeys, EspDirection, Path } from '../ike/core.ts';
import { byKeyword } from '../transforms/table.ts';

/** Appends rows to the files of one folder, which Wireshark calls its configuration profile. */
export class Keylog {
  readonly #folder: string;
  /** Installed children, because a row holds addresses and those may move. */
  readonly #children = new Map<ChildRef, ChildSpec>();

  /** @throws when the folder or its files cannot be made */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const file of [ikeFile, espFile]) {
      appendFileSync(join(folder, file), '', { mode: 0o600 });
      chmodSync(join(folder, file), 0o600);
    }
    this.#folder = folder;
  }

  disclose(keys: DisclosedKeys): void {
    this.#append(ikeFile, ikeRow(keys));
  }

  install(child: ChildSpec): void {
    this.#children.set(child.ref, child);
    this.#append(espFile, espRows(child, child.path));
  }

  move(ref: ChildRef, path: Path): void {
    const child = this.#children.get(ref);
    if (child) this.#append(espFile, espRows(child, path));
  }

  remove(ref: ChildRef): void {
    this.#children.delete(ref);
  }

  #append(file: string, rows: string): void {
    if (rows !== '') appendFileSync(join(this.#folder, file), rows, { mode: 0o600 });
  }
}

/** @returns one row with its newline; empty where Wireshark has no name for the cipher */
export function ikeRow(keys: DisclosedKeys): string {
  const encryption = byKeyword(keys.encryption, 'ENCR').wiresharkIke;
  if (encryption === undefined) return '';
  const integrity = keys.integrity && byKeyword(keys.integrity, 'INTEG').wiresharkIke;
  const columns = [
    toHex(keys.spiI),
    toHex(keys.spiR),
    toHex(keys.skEi),
    toHex(keys.skEr),
    `"${encryption}"`,
    toHex(keys.skAi),
    toHex(keys.skAr),
    `"${integrity ?? 'NONE [RFC4306]'}"`,
  ];
  return `${columns.join(',')}\n`;
}

/** @returns a row for each direction, each with its newline; empty where Wireshark has no name for the cipher */
export function espRows(child: ChildSpec, { local, remote }: Path): string {
  const encryption = byKeyword(child.cipher, 'ENCR').wiresharkEsp;
  if (encryption === undefined) return '';
  const integrity = child.integrity && byKeyword(child.integrity, 'INTEG').wiresharkEsp;
  const row = (from: string, to: string, { spi, ...keys }: EspDirection): string => {
    const columns = [
      isIpv4(local.ip) ? 'IPv4' : 'IPv6',
      from,
      to,
      `0x${spi.toString(16).padStart(8, '0')}`,
      encryption,
      `0x${toHex(keys.encryption.bytes)}`,
      integrity ?? 'NULL',
      `0x${keys.integrity ? toHex(keys.integrity.bytes) : ''}`,
    ];
    return `${columns.map((column) => `"${column}"`).join(',')}\n`;
  };
  return row(remote.ip, local.ip, child.inbound) + row(local.ip, remote.ip, child.outbound);
}

export const ikeFile = 'ikev2_decryption_table';
export const espFile = 'esp_sa';
