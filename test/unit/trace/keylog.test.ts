import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromHex } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import type { ChildSpec, DisclosedKeys } from '../../../src/ike/core.ts';
import { espRows, ikeRow, Keylog } from '../../../src/trace/keylog.ts';
import { child, sa } from './events.ts';

const captures = join(import.meta.dirname, '../../../../shared/vectors/captures');
const hasCaptures = existsSync(captures);
const hasTshark = hasCaptures && which('tshark');

const ikeKeys: DisclosedKeys = {
  spiI: fromHex('d249f4ba133e1c4e'),
  spiR: fromHex('c8d6911194a09c2b'),
  encryption: 'aes256',
  integrity: 'sha384',
  skEi: fromHex('01'.repeat(32)),
  skEr: fromHex('02'.repeat(32)),
  skAi: fromHex('03'.repeat(48)),
  skAr: fromHex('04'.repeat(48)),
};

function childSpec(changes: Partial<ChildSpec> = {}): ChildSpec {
  const direction = (spi: number, byte: string) => ({
    spi,
    encryption: new Secret(fromHex(byte.repeat(20))),
    integrity: undefined,
  });
  return {
    ref: child(1),
    sa: sa(1),
    path: {
      local: { ip: ip('203.0.113.2'), port: 4500 },
      remote: { ip: ip('198.51.100.10'), port: 4500 },
    },
    encap: 'udp',
    cipher: 'aes128gcm16',
    integrity: undefined,
    esn: false,
    standby: false,
    inbound: direction(0x0a0b0c0d, 'aa'),
    outbound: direction(0x875b7215, 'bb'),
    limits: undefined,
    selectors: { local: [], remote: [] },
    ...changes,
  };
}

describe("Wireshark's rows", () => {
  test('have the keys of an IKE SA in the order of ikev2_decryption_table', () => {
    expect(ikeRow(ikeKeys)).toBe(
      `d249f4ba133e1c4e,c8d6911194a09c2b,${'01'.repeat(32)},${'02'.repeat(32)},` +
        `"AES-CBC-256 [RFC3602]",${'03'.repeat(48)},${'04'.repeat(48)},"HMAC_SHA2_384_192 [RFC4868]"\n`,
    );
  });

  test('name no integrity beside an AEAD', () => {
    const none = new Uint8Array();
    const keys = {
      ...ikeKeys,
      encryption: 'aes128gcm16',
      integrity: undefined,
      skAi: none,
      skAr: none,
    } as const;
    expect(ikeRow(keys)).toMatch(
      /,"AES-GCM-128 with 16 octet ICV \[RFC5282\]",,,"NONE \[RFC4306\]"\n$/,
    );
  });

  test('have one line for each direction of a CHILD_SA', () => {
    const spec = childSpec();
    expect(espRows(spec, spec.path)).toBe(
      `"IPv4","198.51.100.10","203.0.113.2","0x0a0b0c0d","AES-GCM with 16 octet ICV [RFC4106]","0x${'aa'.repeat(20)}","NULL","0x"\n` +
        `"IPv4","203.0.113.2","198.51.100.10","0x875b7215","AES-GCM with 16 octet ICV [RFC4106]","0x${'bb'.repeat(20)}","NULL","0x"\n`,
    );
  });

  test('are left out for a cipher that Wireshark cannot name', () => {
    const spec = childSpec({ cipher: 'chacha20poly1305' });
    expect(espRows(spec, spec.path)).toBe('');
    expect(ikeRow({ ...ikeKeys, encryption: 'chacha20poly1305' })).toBe('');
  });
});

describe('the key log', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ikev2-keylog-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is readable by its owner alone, even where a file lay open before', () => {
    writeFileSync(join(folder, 'esp_sa'), '', { mode: 0o644 });
    const keylog = new Keylog(folder);
    keylog.disclose(ikeKeys);
    keylog.install(childSpec());
    for (const file of ['esp_sa', 'ikev2_decryption_table']) {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    }
  });

  test('adds rows for the new addresses when a child moves, and none once it is gone', () => {
    const keylog = new Keylog(folder);
    const spec = childSpec();
    const roamed = { local: spec.path.local, remote: { ip: ip('192.0.2.77'), port: 1024 } };
    keylog.install(spec);
    keylog.move(spec.ref, roamed);
    keylog.remove(spec.ref);
    keylog.move(spec.ref, spec.path);
    const rows = readFileSync(join(folder, 'esp_sa'), 'utf8').trimEnd().split('\n');
    expect(rows.map((row) => row.split('","').slice(1, 3).join(' > '))).toEqual([
      '198.51.100.10 > 203.0.113.2',
      '203.0.113.2 > 198.51.100.10',
      '192.0.2.77 > 203.0.113.2',
      '203.0.113.2 > 192.0.2.77',
    ]);
  });
});

/** Rows of a capture as fields. */
function rowsOf(capture: string, file: string): string[][] {
  const text = readFileSync(join(captures, capture, file), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((row) => row.split(',').map((field) => field.replaceAll('"', '')));
}

describe.skipIf(!hasCaptures)(
  'rows written from the keys of captures (skipped: no shared vectors)',
  () => {
    test('equal the captured ikev2_decryption_table byte for byte', () => {
      for (const capture of ['psk-plain', 'ike-aes256-sha384-modp4096']) {
        const rows = rowsOf(capture, 'ikev2_decryption_table').map((fields) => {
          const [spiI, spiR, skEi, skEr, , skAi, skAr] = fields.map((f) =>
            /^[0-9a-f]*$/.test(f) ? fromHex(f) : new Uint8Array(),
          );
          const aead = skAi?.length === 0;
          return ikeRow({
            spiI,
            spiR,
            skEi,
            skEr,
            skAi,
            skAr,
            encryption: aead ? 'aes128gcm16' : 'aes256',
            integrity: aead ? undefined : 'sha384',
          } as DisclosedKeys);
        });
        expect(rows.join('')).toBe(
          readFileSync(join(captures, capture, 'ikev2_decryption_table'), 'utf8'),
        );
      }
    });

    test('equal the captured esp_sa byte for byte for AES-CBC', () => {
      const fields = rowsOf('esp-aes256-sha256', 'esp_sa');
      const rows: string[] = [];
      for (let i = 0; i < fields.length; i += 2)
        rows.push(specRows(fields[i], fields[i + 1], 'aes256', 'sha256'));
      expect(rows.join('')).toBe(
        readFileSync(join(captures, 'esp-aes256-sha256', 'esp_sa'), 'utf8'),
      );
    });

    // The captured names for AES-GCM are older than Wireshark 4, which opens ESP only under the name with the ICV.
    test.skipIf(!hasTshark)('let tshark open AES-GCM ESP (skipped: no tshark)', () => {
      const [inbound, outbound] = rowsOf('psk-plain', 'esp_sa');
      const home = mkdtempSync(join(tmpdir(), 'ikev2-tshark-'));
      try {
        mkdirSync(join(home, 'wireshark'));
        writeFileSync(
          join(home, 'wireshark', 'esp_sa'),
          specRows(inbound, outbound, 'aes128gcm16', undefined),
        );
        const options = ['-o', 'esp.enable_encryption_decode:TRUE', '-Y', 'esp && icmp'];
        const shown = execFileSync(
          'tshark',
          ['-r', join(captures, 'psk-plain', 'wire.pcap'), ...options],
          {
            env: { ...process.env, XDG_CONFIG_HOME: home, HOME: home },
            stdio: ['ignore', 'pipe', 'ignore'],
            encoding: 'utf8',
          },
        );
        expect(shown).toMatch(/Echo \(ping\) request/);
        expect(shown).toMatch(/Echo \(ping\) reply/);
      } finally {
        rmSync(home, { recursive: true });
      }
    });
  },
);

function specRows(
  inbound: string[] | undefined,
  outbound: string[] | undefined,
  cipher: ChildSpec['cipher'],
  integrity: ChildSpec['integrity'],
): string {
  const direction = ([, , , spi, , key, , mac]: string[]) => ({
    spi: Number(spi),
    encryption: new Secret(fromHex((key as string).slice(2))),
    integrity: integrity && new Secret(fromHex((mac as string).slice(2))),
  });
  const spec = childSpec({
    cipher,
    integrity,
    inbound: direction(inbound as string[]),
    outbound: direction(outbound as string[]),
  });
  const [, remote, local] = inbound as string[];
  return espRows(spec, {
    local: { ip: ip(local as string), port: 500 },
    remote: { ip: ip(remote as string), port: 500 },
  });
}

function which(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
