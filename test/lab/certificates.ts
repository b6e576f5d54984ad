// Certificates made by strongSwan's `pki`: a foreign tool, so that both ends read what neither has written.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNow } from './command.ts';
import { formatSettings } from './swanctl.ts';

export type KeyKind = 'rsa' | 'ecdsa' | 'ed25519';

/** A certificate with its key, both PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly dn: string;
  readonly san?: readonly string[];
  readonly purpose: 'serverAuth' | 'clientAuth';
  /** It was valid for a month that ended yesterday. */
  readonly expired?: boolean;
  readonly kind?: KeyKind;
}

export class Authority {
  readonly certificate: string;
  readonly dn: string;
  readonly #key: string;
  readonly #kind: KeyKind;

  constructor(kind: KeyKind = 'ecdsa', dn = 'C=CH, O=Home, CN=Home CA') {
    this.#kind = kind;
    this.dn = dn;
    this.#key = generateKey(kind);
    this.certificate = withFiles({ key: this.#key }, ({ key }) =>
      pki('--self', '--ca', '--in', key, ...keyType(kind), '--dn', dn, ...days(3650)),
    );
  }

  issue(request: CertificateRequest): Credential {
    const { dn, san = [], purpose, expired = false, kind = this.#kind } = request;
    const key = generateKey(kind);
    const files = { ca: this.certificate, caKey: this.#key, own: key };
    const certificate = withFiles(files, ({ ca, caKey, own }) =>
      pki(
        ...['--issue', '--cacert', ca, '--cakey', caKey, '--in', own, ...keyType(kind)],
        ...['--dn', dn, '--flag', purpose, ...san.flatMap((name) => ['--san', name])],
        ...(expired ? lastMonth() : days(365)),
      ),
    );
    return { certificate, key };
  }
}

function generateKey(kind: KeyKind): string {
  const bits = { rsa: ['--size', '2048'], ecdsa: ['--size', '256'], ed25519: [] }[kind];
  return pki('--gen', '--type', kind, ...bits);
}

/** `pki` wants to be told the key's type when it reads one; Ed25519 keys are PKCS#8. */
const keyType = (kind: KeyKind): string[] => ['--type', kind === 'ed25519' ? 'priv' : kind];
const days = (n: number): string[] => ['--lifetime', `${n}`];

function lastMonth(): string[] {
  const form = ['--dateform', '%Y%m%d%H%M%S'];
  return [...form, '--not-before', stamp(-31), '--not-after', stamp(-1)];
}

const stamp = (inDays: number): string =>
  new Date(Date.now() + inDays * 86_400_000).toISOString().replace(/\D/g, '').slice(0, 14);

function pki(...args: readonly string[]): string {
  return withFiles({ conf: formatSettings({ pki: { load: PLUGINS } }) }, ({ conf }) =>
    runNow(['pki', ...args, '--outform', 'pem'], { env: { STRONGSWAN_CONF: conf } }),
  );
}

/** Runs `use` with the texts in files that are gone afterwards. */
function withFiles<K extends string, T>(
  texts: Readonly<Record<K, string>>,
  use: (paths: Readonly<Record<K, string>>) => T,
): T {
  const dir = mkdtempSync(join(tmpdir(), 'ikev2-pki-'));
  try {
    const paths: Record<K, string> = { ...texts };
    for (const name of Object.keys(texts) as K[]) {
      paths[name] = join(dir, name);
      writeFileSync(paths[name], texts[name], { mode: 0o600 });
    }
    return use(paths);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const PLUGINS = 'random openssl pem pkcs1 pkcs8 x509 pubkey sha1 sha2 curve25519';
