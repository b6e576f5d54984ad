// Authorities that revoke, by the openssl command: lists and OCSP answers that nobody here made.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNow } from './command.ts';

/** PEM texts. */
export interface Signer {
  readonly certificate: string;
  readonly key: string;
}

export interface CrlOptions {
  /** Until the next one comes; negative: it should have come. */
  readonly hours?: number;
  readonly extensions?: string;
}

/** A CRL in DER. @param revoked certificates, PEM */
export function makeCrl(
  authority: Signer,
  revoked: readonly string[],
  { hours = 24, extensions = '' }: CrlOptions = {},
): Uint8Array {
  return inFolder(authority, revoked, (dir) => {
    const now = Date.now() + Math.min(0, hours - 1) * 3_600_000;
    const stamp = (at: number) =>
      new Date(at)
        .toISOString()
        .replace(/\.\d+|[-:T]/g, '')
        .slice(2);
    const next = ['-crl_lastupdate', stamp(now), '-crl_nextupdate', stamp(now + 3_600_000)];
    const days = ['-crlhours', `${hours}`];
    const when = hours < 0 ? next : days;
    const exts = extensions === '' ? [] : ['-crlexts', 'crl_ext'];
    writeFileSync(join(dir, 'openssl.cnf'), configuration(dir, extensions));
    openssl(dir, 'ca', '-gencrl', ...when, ...exts, '-out', 'crl.pem');
    openssl(dir, 'crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
    return new Uint8Array(readFileSync(join(dir, 'crl.der')));
  });
}

/**
 * What an OCSP responder answers to a request.
 * @param known certificates of the authority that it knows, PEM; @param revoked those of them that are revoked
 */
export function answerOcsp(
  request: Uint8Array,
  authority: Signer,
  responder: Signer,
  known: readonly string[],
  revoked: readonly string[],
  more: readonly string[] = ['-ndays', '1'],
): Uint8Array {
  return inFolder(authority, revoked, (dir) => {
    const good = known.filter((one) => !revoked.includes(one));
    for (const pem of good) addLine(dir, pem, 'V');
    writeFileSync(join(dir, 'request.der'), request);
    writeFileSync(join(dir, 'responder.pem'), responder.certificate);
    writeFileSync(join(dir, 'responder.key'), responder.key);
    openssl(
      dir,
      ...['ocsp', '-index', 'index.txt', '-CA', 'ca.pem', '-reqin', 'request.der'],
      ...['-rsigner', 'responder.pem', '-rkey', 'responder.key', '-respout', 'answer.der', ...more],
    );
    return new Uint8Array(readFileSync(join(dir, 'answer.der')));
  });
}

/** Who an OCSP responder answers for, and about whom it knows what; PEM. */
export interface Responder {
  readonly authority: Signer;
  readonly signer: Signer;
  readonly good: readonly string[];
  readonly revoked: readonly string[];
}

/** The command of a responder that listens, with its files in `dir`. */
export function ocspServer(
  dir: string,
  port: number,
  { authority, signer, good, revoked }: Responder,
): readonly string[] {
  lay(dir, authority, revoked);
  for (const pem of good) addLine(dir, pem, 'V');
  const path = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  return [
    ...['openssl', 'ocsp', '-port', `${port}`, '-index', join(dir, 'index.txt'), '-ndays', '1'],
    ...['-CA', join(dir, 'ca.pem'), '-rsigner', path('signer.pem', signer.certificate)],
    ...['-rkey', path('signer.key', signer.key)],
  ];
}

function lay(dir: string, authority: Signer, revoked: readonly string[]): void {
  writeFileSync(join(dir, 'openssl.cnf'), configuration(dir, ''));
  writeFileSync(join(dir, 'ca.pem'), authority.certificate);
  writeFileSync(join(dir, 'ca.key'), authority.key);
  writeFileSync(join(dir, 'index.txt'), '');
  writeFileSync(join(dir, 'crlnumber'), '01\n');
  for (const pem of revoked) addLine(dir, pem, 'R');
}

function inFolder<T>(authority: Signer, revoked: readonly string[], use: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'ikev2-revocation-'));
  try {
    lay(dir, authority, revoked);
    return use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A line of OpenSSL's data base: state, end, revocation, serial number, file, subject. */
function addLine(dir: string, pem: string, state: 'R' | 'V'): void {
  writeFileSync(join(dir, 'one.pem'), pem);
  const read = (...what: string[]) => openssl(dir, 'x509', '-in', 'one.pem', '-noout', ...what);
  const serial = read('-serial').replace('serial=', '').trim();
  const when = state === 'R' ? '260101000000Z' : '';
  const line = [state, '400101000000Z', when, serial, 'unknown', `/CN=${serial}`].join('\t');
  writeFileSync(join(dir, 'index.txt'), `${line}\n`, { flag: 'a' });
}

const openssl = (dir: string, ...args: readonly string[]): string =>
  runNow(['sh', '-c', 'cd "$0" && exec openssl "$@"', dir, ...args], {
    env: { OPENSSL_CONF: join(dir, 'openssl.cnf') },
  });

const configuration = (dir: string, extensions: string): string => `
[ca]
default_ca = home
[home]
database = ${dir}/index.txt
crlnumber = ${dir}/crlnumber
certificate = ${dir}/ca.pem
private_key = ${dir}/ca.key
default_md = sha256
[crl_ext]
${extensions}
`;
