// The names in the table are worth something only if Wireshark takes them: it rejects a row with another name, and
// one whose keys do not have the length that the name implies, so our key sizes are checked as well.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { transforms } from '../../../src/transforms/table.ts';

const isThere = spawnSync('tshark', ['--version']).status === 0;
const title = isThere ? 'tshark' : 'tshark (skipped: it is not installed)';

const ciphers = transforms.filter((row) => row.type === 'ENCR');
const integs = transforms.filter((row) => row.type === 'INTEG');

describe.skipIf(!isThere)(title, { timeout: 60_000 }, () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wireshark-names-'));
    // The 24-byte header of a pcap file of Ethernet, and no packet.
    const header = 'd4c3b2a1020004000000000000000000ffff000001000000';
    writeFileSync(join(folder, 'empty.pcap'), Buffer.from(header, 'hex'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What tshark has against the first bad row of a table; empty when it takes all. */
  function complaint(table: string, rows: readonly string[]): string {
    const options = rows.flatMap((row) => ['-o', `uat:${table}:${row}`]);
    const { status, stderr } = spawnSync('tshark', ['-r', join(folder, 'empty.pcap'), ...options], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    return status === 0 ? '' : stderr;
  }

  test('complains about what it does not know, so that this file can fail', () => {
    const mac = 'HMAC_SHA1_96 [RFC2404]';
    expect(
      complaint('ikev2_decryption_table', [ike('AES-GCM-512', 20, 'NONE [RFC4306]', 0)]),
    ).toMatch('invalid value: AES-GCM-512');
    expect(
      complaint('ikev2_decryption_table', [ike('AES-CBC-128 [RFC3602]', 17, mac, 20)]),
    ).toMatch('17 octets');
    expect(complaint('esp_sa', [esp('AES-GCM-512', 'NULL')])).toMatch('invalid value: AES-GCM-512');
  });

  test('takes every IKE row of the table', () => {
    const rows = ciphers.flatMap((row) => {
      if (!row.wiresharkIke) return [];
      const bytes = row.keyBits / 8 + row.saltBytes;
      if (row.aead) return [ike(row.wiresharkIke, bytes, 'NONE [RFC4306]', 0)];
      return integs.map((integ) =>
        ike(row.wiresharkIke, bytes, integ.wiresharkIke, integ.keyBytes),
      );
    });
    expect(rows).toHaveLength(3 + 3 * integs.length);
    expect(complaint('ikev2_decryption_table', rows)).toBe('');
  });

  test('takes every ESP row of the table', () => {
    const rows = ciphers.flatMap((row) => {
      if (!row.wiresharkEsp) return [];
      if (row.aead) return [esp(row.wiresharkEsp, 'NULL')];
      return integs.map((integ) => esp(row.wiresharkEsp, integ.wiresharkEsp));
    });
    expect(rows).toHaveLength(3 + 3 * integs.length);
    expect(complaint('esp_sa', rows)).toBe('');
  });
});

const hex = (bytes: number): string => '00'.repeat(bytes);

function ike(encryption: string, ei: number, integrity: string, ai: number): string {
  return `${hex(8)},${hex(8)},${hex(ei)},${hex(ei)},"${encryption}",${hex(ai)},${hex(ai)},"${integrity}"`;
}

function esp(encryption: string, authentication: string): string {
  return `"IPv4","*","*","*","${encryption}","0x00","${authentication}","0x"`;
}
