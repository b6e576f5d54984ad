// Certificates made by strongSwan's `pki`: a foreign tool, so that both ends read what neither has written.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNow } from './command.ts';
import { formatSettings } from './swanctl.ts';

export type KeyKind = 'rsa' | 'rsa3072' | 'ecdsa' | 'ecdsa384' | 'ecdsa521' | 'ed25519';

/** A certificate with its key, both PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly dn: string;
  readonly san?: readonly string[];
  /** Undefined: it says nothing of what it is for. */
  readonly purpose?: 'serverAuth' | 'clientAuth' | 'ocspSigning';
  /** It was valid for a month that ended yesterday. */
  readonly expired?: boolean;
  /** Years that it is valid; one unless told. */
  readonly years?: number;
  readonly kind?: KeyKind;
  /** Further words for `pki --issue`. */
  readonly more?: readonly string[];
}

export class Authority {
  readonly certificate: string;
  readonly dn: string;
  readonly key: string;
  readonly #kind: KeyKind;

  constructor(kind: KeyKind = 'ecdsa', dn = 'C=CH, O=Home, CN=Home CA', issuer?: Authority) {
    this.#kind = kind;
    this.dn = dn;
    this.key = generateKey(kind);
    const request = { dn, kind, years: 10, more: ['--ca'] };
    this.certificate = issuer
      ? issuer.#certify(this.key, request)
      : withFiles({ key: this.key }, ({ key }) =>
          pki(
            '--self',
            '--ca',
            '--in',
            key,
            ...keyType(kind),
            '--dn',
            dn,
            ...validity(-1, 40 * 365),
          ),
        );
  }

  issue(request: CertificateRequest): Credential {
    const key = generateKey(request.kind ?? this.#kind);
    return { certificate: this.#certify(key, request), key };
  }

  #certify(key: string, request: CertificateRequest): string {
    const { dn, san = [], purpose, expired = false, kind = this.#kind } = request;
    const { years = 1, more = [] } = request;
    const files = { ca: this.certificate, caKey: this.key, own: key };
    return withFiles(files, ({ ca, caKey, own }) =>
      pki(
        ...['--issue', '--cacert', ca, '--cakey', caKey, '--in', own, ...keyType(kind)],
        ...['--dn', dn, ...(purpose ? ['--flag', purpose] : [])],
        ...san.flatMap((name) => ['--san', name]),
        ...(expired ? validity(-31, -1) : validity(0, 365 * years)),
        ...more,
      ),
    );
  }
}

function generateKey(kind: KeyKind): string {
  const [, type = kind, size] = /^(rsa|ecdsa)(\d*)$/.exec(kind) ?? [];
  const usual = { rsa: '2048', ecdsa: '256' }[type];
  return pki('--gen', '--type', type, ...(usual ? ['--size', size || usual] : []));
}

/** `pki` wants to be told the key's type when it reads one; Ed25519 keys are PKCS#8. */
const keyType = (kind: KeyKind): string[] => [
  '--type',
  kind === 'ed25519' ? 'priv' : kind.replace(/\d+$/, ''),
];
/** In days from now; `--lifetime` counts seconds in 31 bits and ends in the past after 68 years. */
const validity = (from: number, until: number): string[] => [
  ...['--dateform', '%Y%m%d%H%M%S', '--not-before', stamp(from), '--not-after', stamp(until)],
];

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
