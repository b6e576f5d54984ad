// Certificates: the home CA, the gateway's own, and those of devices. Where no daemon runs, `ikectl` performs the same
// methods on the files itself.
import * as z from 'zod/mini';
import type { DaemonApi } from '../api.ts';
import type { CertificateFacts, IssuedDevice } from '../certificates.ts';
import { BadParams, type Callable, method } from '../method.ts';

const label = z.string().check(z.minLength(1), z.maxLength(253));
const names = z._default(z.array(label).check(z.maxLength(16)), []);
const base64 = z.string().check(z.maxLength(60_000));

export const certificateShape = z.object({
  kind: z.enum(['authority', 'gateway', 'device']),
  name: z.string(),
  subject: z.string(),
  owner: z.optional(z.string()),
  issuer: z.string(),
  serial: z.string(),
  names: z.array(z.string()),
  /** Seconds since 1970. */
  notBefore: z.number(),
  notAfter: z.number(),
  /** Issued, and so renewed, by the home CA; or that itself. */
  ours: z.boolean(),
  revoked: z.optional(z.number()),
  file: z.string(),
});
export type CertificateView = z.infer<typeof certificateShape>;

export const certificatesShape = z.object({ certificates: z.array(certificateShape) });
export const createdShape = z.object({
  authority: certificateShape,
  gateway: certificateShape,
  done: z.array(z.string()),
  next: z.array(z.string()),
});
export const issuedShape = z.object({
  device: certificateShape,
  pkcs12: z.string(),
  passphrase: z.string(),
});
export const oneShape = z.object({ certificate: certificateShape });
export const revokedShape = z.object({ name: z.string(), serial: z.string() });
export const authorityShape = z.object({ name: z.string(), pem: z.string(), der: z.string() });

export const keyShape = z.object({ key: z.string(), file: z.string(), made: z.boolean() });

/** As much of a daemon as these methods need. */
export type DeskOwner = Pick<DaemonApi, 'certificates'>;

export const certificateMethods: Readonly<Record<string, Callable<DeskOwner>>> = {
  certificates: method({
    summary: 'Authorities, own certificates and those of devices, with their days',
    access: 'read',
    params: z.strictObject({}),
    result: certificatesShape,
    run: ({ certificates }: DeskOwner) => ({
      certificates: certificates.list().map(viewCertificate),
    }),
  }),
  ca_create: method({
    summary: 'Make a home CA and the certificate of the gateway, and configure both',
    access: 'write',
    params: z.strictObject({ names, force: z._default(z.boolean(), false) }),
    result: createdShape,
    async run({ certificates }: DeskOwner, request) {
      const { authority, gateway, done, next } = await certificates.create(request);
      return {
        authority: viewCertificate(authority),
        gateway: viewCertificate(gateway),
        done: [...done],
        next: [...next],
      };
    },
  }),
  ca_export: method({
    summary: 'The certificate of the home CA, for devices to trust',
    access: 'read',
    params: z.strictObject({}),
    result: authorityShape,
    run({ certificates }: DeskOwner) {
      const { name, pem, der } = certificates.authority();
      return { name, pem, der: toBase64(der) };
    },
  }),
  key: method({
    summary: 'The public key of this router, for routers that connect without certificates',
    access: 'write', // the first time it makes the key
    params: z.strictObject({}),
    result: keyShape,
    run({ certificates }: DeskOwner) {
      const { publicKey, file, isMade } = certificates.key();
      return { key: publicKey, file, made: isMade };
    },
  }),
  certificate_issue: method({
    summary: 'Make a key and a certificate for a device: a PKCS#12 file and its passphrase',
    access: 'write',
    params: z.strictObject({
      name: label,
      owner: z.optional(label),
      form: z._default(z.enum(['legacy', 'modern']), 'legacy'),
    }),
    result: issuedShape,
    async run({ certificates }: DeskOwner, { name, owner, form }) {
      return viewIssued(await certificates.issue({ name, owner, form }));
    },
  }),
  certificate_renew: method({
    summary: "Issue the gateway's certificate anew, for other names if some are given",
    access: 'write',
    params: z.strictObject({ certificate: z.optional(label), names }),
    result: oneShape,
    async run({ certificates }: DeskOwner, { certificate: name, names: wanted }) {
      return { certificate: viewCertificate(await certificates.renew({ name, names: wanted })) };
    },
  }),
  certificate_revoke: method({
    summary: 'Revoke a certificate by device or serial number, and hang up on it',
    access: 'write',
    params: z.strictObject({ certificate: label }),
    result: revokedShape,
    run: ({ certificates }: DeskOwner, { certificate }) => certificates.revoke(certificate),
  }),
  certificate_import: method({
    summary: 'Take in a certificate of the gateway with its key: PEM or PKCS#12, in base64',
    access: 'write',
    params: z.strictObject({
      name: label,
      content: base64,
      key: z.optional(base64),
      passphrase: z.optional(z.string().check(z.maxLength(256))),
      force: z._default(z.boolean(), false),
    }),
    result: oneShape,
    async run({ certificates }: DeskOwner, { content, key, passphrase, ...request }) {
      const files = { content: fromBase64(content), key: key ? fromBase64(key) : undefined };
      const taken = await certificates.take({ ...request, ...files, passphrase });
      return { certificate: viewCertificate(taken) };
    },
  }),
  authority_import: method({
    summary: 'Believe an authority from elsewhere, such as a provider: PEM or DER, in base64',
    access: 'write',
    params: z.strictObject({
      name: label,
      content: base64,
      vouches_for: z._default(z.enum(['clients', 'servers', 'any']), 'servers'),
    }),
    result: oneShape,
    async run({ certificates }: DeskOwner, { name, content, vouches_for: vouchesFor }) {
      const request = { name, content: fromBase64(content), vouchesFor };
      return { certificate: viewCertificate(await certificates.trust(request)) };
    },
  }),
};

export const viewIssued = ({
  device,
  pkcs12,
  passphrase,
}: IssuedDevice): z.infer<typeof issuedShape> => ({
  device: viewCertificate(device),
  pkcs12: toBase64(pkcs12),
  passphrase,
});

function viewCertificate({
  isOurs,
  isBelieved: _,
  revokedAt,
  owner,
  ...facts
}: CertificateFacts): CertificateView {
  const revoked = revokedAt === undefined ? {} : { revoked: revokedAt };
  const owned = owner === undefined ? {} : { owner };
  return { ...facts, ...owned, names: [...facts.names], ours: isOurs, ...revoked };
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
function fromBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/\s]*=*\s*$/.test(text)) throw new BadParams('a file has to be in base64');
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
