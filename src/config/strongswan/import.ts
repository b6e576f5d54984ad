// Reads strongSwan's /etc/config/ipsec, of OpenWrt's package in all versions since it has one, into sections of ours.
// What cannot become one, or not quite the same, is said; nothing is left out in silence. Text in, sections out.
import { formatProblem } from '../../policy/problem.ts';
import { parseUci } from '../uci.ts';
import { Findings, type ImportedSection, type Remark } from './findings.ts';
import { reasonFor } from './reasons.ts';
import { importRemote } from './remote.ts';
import { Source } from './source.ts';

export interface Imported {
  readonly sections: readonly ImportedSection[];
  readonly remarks: readonly Remark[];
}

/** @returns a text where the file cannot be read at all */
export function importStrongswan(text: string): Imported | string {
  const { sections, problems } = parseUci(text);
  const error = problems.find(({ severity }) => severity === 'error');
  if (error) return formatProblem(error);
  const places = new Map<string, number>();
  const all = sections.map((section) => {
    const place = places.get(section.type) ?? 0;
    places.set(section.type, place + 1);
    return new Source(section, place);
  });
  const findings = new Findings();
  for (const source of all) {
    if (source.type === 'remote') importRemote(source, all, findings);
    else if (source.type === 'mschapv2_secrets') importUser(source, findings);
    else if (source.type === 'ipsec') sayOfService(source, findings);
    else if (!parts.has(source.type)) {
      findings.remark(source, undefined, 'sections of this type are not known here');
    }
  }
  for (const source of all.filter(({ type }) => type !== 'syslog')) sayOfRest(source, findings);
  return findings;
}

/** What others refer to. */
const parts = new Set([
  'tunnel',
  'transport',
  'child',
  'crypto_proposal',
  'pools',
  'pool',
  'syslog',
]);

function importUser(source: Source, findings: Findings): void {
  const [name, password] = [source.text('id'), source.text('secret')];
  findings.add(source, 'user', source.name, { name, password });
}

function sayOfService(source: Source, findings: Findings): void {
  const interfaces = source.list('interface');
  if (interfaces.length === 0) return;
  const why = 'the gateway listens on all addresses; option listen of the service names others';
  findings.remark(source, 'interface', why);
}

/** Options of a section that was not taken over at all are no news. */
function sayOfRest(source: Source, findings: Findings): void {
  const isGone =
    source.type === 'remote' && findings.sections.every(({ name }) => name !== source.name);
  if (isGone || source.type === 'transport') return;
  for (const option of source.rest) {
    const why = reasonFor(option);
    if (why !== undefined) findings.remark(source, option, why);
  }
}
