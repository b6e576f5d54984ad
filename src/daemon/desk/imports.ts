// Takes over the configuration of another program: reads it, puts its sections behind our own, and leaves the old ones
// alone unless it is told otherwise.
import { removeSection, setOptions } from '../../config/edit.ts';
import { loadConfiguration } from '../../config/load.ts';
import { sectionTypes } from '../../config/options.ts';
import type { ImportedSection, Remark } from '../../config/strongswan/findings.ts';
import { importStrongswan } from '../../config/strongswan/import.ts';
import { parseUci } from '../../config/uci.ts';
import type { Problem } from '../../policy/problem.ts';
import { formatProblem } from '../../policy/problem.ts';
import type { ImportDesk, ImportReport, ImportRequest } from '../../rpc/importing.ts';
import { Refused } from '../../rpc/method.ts';
import { describe } from '../../schema/describe.ts';
import { editConfiguration } from '../config-file.ts';
import { forget } from '../gather.ts';
import { type DeskPlace, later, readText } from './place.ts';

/** Throws Refused, with words for the owner, and nothing else unless we have a bug. */
export const importDesk = (place: DeskPlace): ImportDesk => ({
  importStrongswan: (request) => later(() => take(request, place)),
});

async function take(request: ImportRequest, place: DeskPlace): Promise<ImportReport> {
  const found = importStrongswan(request.content);
  if (typeof found === 'string') throw new Refused(`it cannot be read: ${found}`);
  const before = readText(place.configFile);
  const { sections, remarks } = fitted(before, found.sections, request.force);
  if (!request.isTrial && sections.length > 0) {
    editConfiguration(place.configFile, (text) => written(text, sections, request.force));
    await place.configured();
  }
  return {
    sections: sections.map(labelOf),
    text: written('', sections.map(withoutSecrets), true),
    remarks: [...found.remarks, ...remarks],
    isWritten: !request.isTrial && sections.length > 0,
  };
}

/**
 * A connection that lacks something would keep the whole configuration from being used: it comes switched off.
 * @throws Refused where even that does not help
 */
function fitted(
  before: string,
  sections: readonly ImportedSection[],
  force: boolean,
): { readonly sections: readonly ImportedSection[]; readonly remarks: readonly Remark[] } {
  const faults = errorsIn(written(before, sections, force));
  const [old] = errorsIn(before);
  if (faults.length === 0 || old) return { sections, remarks: [] };
  const remarks: Remark[] = [];
  const next = sections.map((section) => {
    const label = labelOf(section);
    const fault = faults.find((one) => one.section === label);
    if (section.type !== 'connection' || !fault) return section;
    const { why, cure } = fault;
    remarks.push({ section: label, option: fault.option, why: `switched off: ${why}. ${cure}` });
    return { ...section, options: { ...section.options, enabled: '0' } };
  });
  const [left] = errorsIn(written(before, next, force));
  if (left) throw new Refused(`what it says does not fit together: ${formatProblem(left)}`);
  return { sections: next, remarks };
}

function errorsIn(text: string): readonly Problem[] {
  const { configuration, problems } = loadConfiguration(text);
  if (configuration) forget(configuration);
  return problems.filter(({ severity }) => severity === 'error');
}

/** @throws Refused where a name is taken, unless it may be taken over */
function written(text: string, sections: readonly ImportedSection[], force: boolean): string {
  const taken = parseUci(text).sections.filter(({ name }) =>
    sections.some((section) => section.name === name),
  );
  if (taken.length > 0 && !force) {
    const list = taken.map(({ label }) => label).join(', ');
    throw new Refused(`the configuration has ${list} already: --force replaces what is there`);
  }
  const rest = taken.reduce(
    (all, { type, name }) => (name === undefined ? all : removeSection(all, { type, name })),
    text,
  );
  return sections.reduce((all, section) => setOptions(all, section, section.options), rest);
}

const labelOf = ({ type, name }: ImportedSection): string => `${type} '${name}'`;

function withoutSecrets(section: ImportedSection): ImportedSection {
  const shape: Readonly<Record<string, Parameters<typeof describe>[0]>> =
    sectionTypes[section.type].options.shape;
  const entries = Object.entries(section.options).map(([option, value]) => {
    const schema = shape[option];
    return [option, schema && describe(schema)?.isSecret ? '…' : value] as const;
  });
  return { ...section, options: Object.fromEntries(entries) };
}
