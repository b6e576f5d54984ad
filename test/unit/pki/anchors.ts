// Shorthand of the chain tests: authorities of the lab as anchors, and a verdict in one call.
import { expect } from 'vitest';
import type { ChainVerdict } from '../../../src/ike/core.ts';
import { type Certificate, readCertificate } from '../../../src/pki/certificate.ts';
import { type Anchor, type JudgeRevocation, verifyChain } from '../../../src/pki/chain.ts';
import type { Purpose } from '../../../src/pki/rules.ts';
import type { LabCertificate } from '../../lab/pki.ts';

export const now = new Date('2026-06-01T12:00:00Z');

export function certificateOf(der: Uint8Array): Certificate {
  const reading = readCertificate(der);
  if (!reading.ok) throw new Error(reading.why);
  return reading.certificate;
}

const authority = ({ der }: Pick<LabCertificate, 'der'>): Anchor => ({
  certificate: certificateOf(der),
  kind: 'authority',
});

export interface Question {
  readonly trusted: readonly LabCertificate[];
  readonly stored?: readonly LabCertificate[];
  readonly purpose?: Purpose;
  readonly at?: Date;
  readonly plausible?: boolean;
  readonly revocation?: JudgeRevocation;
  readonly vouchesFor?: Anchor['vouchesFor'];
}

export function judge(
  chain: readonly Pick<LabCertificate, 'der'>[],
  {
    trusted,
    stored = [],
    purpose = 'client',
    at = now,
    plausible = true,
    revocation,
    vouchesFor,
  }: Question,
): Promise<ChainVerdict> {
  const anchors = [
    ...trusted.map((one) => ({ ...authority(one), vouchesFor })),
    ...stored.map((link) => ({ ...authority(link), kind: 'intermediate' as const })),
  ];
  const ders = chain.map(({ der }) => der);
  return verifyChain(ders, purpose, anchors, at, plausible, revocation);
}

/** A verdict with this cause whose sentence has these words in this order. */
export const refused = (cause: string, ...words: readonly string[]): unknown =>
  expect.objectContaining({
    ok: false,
    cause,
    why: expect.stringMatching(new RegExp(words.join('.*'))),
  });
