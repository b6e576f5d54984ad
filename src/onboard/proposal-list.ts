// The gateway's proposals for clients that speak the same notation: strongSwan's, which libreswan nearly does. Releases
// that know no additional key exchange refuse the whole line in which one stands, so none does.
import { withoutAdditional } from '../transforms/additional-ke.ts';
import { formatProposal } from '../transforms/parse.ts';
import type { Transform } from '../transforms/table.ts';
import type { Gateway } from './device.ts';

export const ike = ({ ike: proposals }: Pick<Gateway, 'ike'>): readonly string[] =>
  withoutAdditional(proposals).map(formatProposal);
export const esp = ({ esp: proposals }: Pick<Gateway, 'esp'>): readonly string[] =>
  withoutAdditional(proposals).map(formatProposal);

/** libreswan: `cipher-prf-group` without integrity for an AEAD, `+` between alternatives, and names of its own. */
export function libreswanIke({ ike: proposals }: Pick<Gateway, 'ike'>): string {
  return withoutAdditional(proposals)
    .map(({ encr, integ, prf, ke }) => [encr, integ.length > 0 ? integ : prf, ke].map(alternatives))
    .filter((parts) => parts.every((part) => part !== ''))
    .map((parts) => parts.join('-'))
    .join(',');
}

export function libreswanEsp({ esp: proposals }: Pick<Gateway, 'esp'>): string {
  const all = withoutAdditional(proposals).map(({ encr, integ }) =>
    [encr, ...(integ.length > 0 ? [integ] : [])].map(alternatives).join('-'),
  );
  return [...new Set(all)].join(',');
}

const alternatives = (rows: readonly Transform[]): string =>
  rows
    .filter(({ keyword }) => keyword !== 'modp1024') // libreswan takes no connection that names it
    .map(({ keyword }) => libreswanWords[keyword] ?? keyword)
    .join('+');

const libreswanWords: Readonly<Record<string, string>> = {
  aes256gcm16: 'aes_gcm256',
  aes192gcm16: 'aes_gcm192',
  aes128gcm16: 'aes_gcm128',
  chacha20poly1305: 'chacha20_poly1305',
  aes256: 'aes256',
  aes192: 'aes192',
  aes128: 'aes128',
  prfsha1: 'sha1',
  prfsha256: 'sha2_256',
  prfsha384: 'sha2_384',
  prfsha512: 'sha2_512',
  sha256: 'sha2_256',
  sha384: 'sha2_384',
  sha512: 'sha2_512',
  ecp256: 'dh19',
  ecp384: 'dh20',
  x25519: 'dh31',
};
