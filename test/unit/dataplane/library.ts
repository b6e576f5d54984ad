// The C module under test, and a child of a CHILD_SA's shape to give it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import type { ChildRef, ChildSpec, Path, SaRef } from '../../../src/ike/core.ts';
import { everything } from '../../../src/policy/selectors.ts';

export const libraryPath = join(import.meta.dirname, '../../../build/native/libikev2esp.so');

/** A reason to skip, or undefined. */
export const whySkipped = existsSync(libraryPath)
  ? undefined
  : 'skipped: build it with «make native»';

export const loopback = (localPort: number, remotePort: number, address = '127.0.0.1'): Path => ({
  local: { ip: ip(address), port: localPort },
  remote: { ip: ip(address), port: remotePort },
});

export function childSpec(path: Path, spis: { in: number; out: number }): ChildSpec {
  const key = (fill: number) => new Secret(new Uint8Array(20).fill(fill));
  const host = (text: string) => everything({ start: ip(text), end: ip(text) });
  return {
    ref: 7 as ChildRef,
    sa: 1 as SaRef,
    path,
    encap: 'udp',
    cipher: 'aes128gcm16',
    integrity: undefined,
    esn: false,
    standby: false,
    inbound: { spi: spis.in, encryption: key(1), integrity: undefined },
    outbound: { spi: spis.out, encryption: key(2), integrity: undefined },
    limits: undefined,
    selectors: { local: [host('10.1.0.1')], remote: [host('10.2.0.1'), host('fd00::2')] },
  };
}
