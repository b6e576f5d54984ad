// The sections `certificate`, `authority`, `psk` and `ppk`: what this gateway and its peers prove themselves with, and
// keep their traffic closed with.
import * as z from 'zod/mini';
import { defaulted, list, optional, required } from '../schema/describe.ts';
import { absolutePath, crlPlace, httpUrl, oneOf } from '../schema/kinds.ts';
import { sectionType } from './section-type.ts';
import { identityPattern, ppkId, secret } from './values.ts';

export const certificate = sectionType({
  head: "config certificate 'NAME'",
  help: 'A certificate of this gateway with its private key.',
  options: z.object({
    file: required(
      absolutePath,
      'PEM file with the certificate, then those that lead to its root; read again when it changes.',
    ),
    key: required(absolutePath, 'PEM file with the private key.'),
  }),
  later: [],
});

export const authority = sectionType({
  head: "config authority 'NAME'",
  help: 'An authority whose certificates are believed.',
  options: z.object({
    file: required(absolutePath, 'PEM file with the certificate of the authority.'),
    key: optional(
      absolutePath,
      'PEM file with its private key: with it this gateway issues certificates, and renews its own.',
      'certificates come from elsewhere',
    ),
    vouches_for: defaulted(
      oneOf(['any', 'clients', 'servers']),
      'any',
      'Whose certificates it makes believable: of peers that dial this router (clients), of those that it dials (servers), or of any.',
    ),
    revocation: defaulted(
      oneOf(['none', 'soft', 'hard']),
      'none',
      'Whether the authority is asked over the network if a certificate was revoked: soft lets a peer in when nobody answers, hard does not.',
    ),
    crl: list(
      crlPlace,
      'List of revoked certificates of this authority: a file, which always counts, or an address to fetch it from.',
      'the addresses in the certificates',
    ),
    ocsp: optional(
      httpUrl,
      'OCSP responder to ask about certificates of this authority.',
      'the addresses in the certificates',
    ),
  }),
  later: [],
});

export const psk = sectionType({
  head: 'config psk',
  help: 'A shared secret and those who know it.',
  options: z.object({
    id: list(
      identityPattern,
      'A peer that knows this secret; a name of the gateway may stand beside it.',
      'everybody',
    ),
    secret: required(secret, 'The secret; at least 16 characters.'),
  }),
  later: [],
});

export const ppk = sectionType({
  head: "config ppk 'NAME'",
  help: 'A post-quantum pre-shared key (RFC 8784, RFC 9867), which both sides have from elsewhere: with it, recorded traffic stays closed even to who breaks the key exchange some day.',
  options: z.object({
    id: required(ppkId, 'What both sides know it by.'),
    secret: optional(
      secret,
      'The key: 32 random bytes, as 0x and hexadecimal or 0s and base64.',
      'file',
    ),
    file: optional(absolutePath, 'File that holds it in one line, in the same notation.', 'secret'),
    peer: list(identityPattern, 'A peer that has it, by the name that it proves.', 'everybody'),
  }),
  later: [],
});
