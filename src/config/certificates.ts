// The sections `certificate` and `authority`: names and files, to be read elsewhere.
import type { AuthorityFile, CertificateFile } from './configuration.ts';
import type { Findings } from './findings.ts';
import { named, type Section } from './read.ts';

export function loadCertificates(
  sections: readonly Section<'certificate'>[],
  findings: Findings,
): readonly CertificateFile[] {
  return named(sections, findings).map(({ name, section, options }) => {
    const { file, key } = options;
    return { name, file, key, line: section.line };
  });
}

/** Nothing refers to an authority by its name, so it may have none. */
export function loadAuthorities(
  sections: readonly Section<'authority'>[],
): readonly AuthorityFile[] {
  return sections.map(({ section, options }) => {
    const { file, key, vouches_for: vouchesFor, revocation, crl: crls, ocsp } = options;
    const name = section.name ?? section.label;
    return { name, file, key, vouchesFor, revocation, crls, ocsp, line: section.line };
  });
}
