// Reads each section of the file through the schema of its type, and says what is unknown, missing or misspelt.
import type * as z from 'zod/mini';
import { printable } from '../base/printable.ts';
import { type Description, describe } from '../schema/describe.ts';
import { nearest } from '../transforms/nearest.ts';
import type { Findings } from './findings.ts';
import {
  laterSectionTypes,
  type OptionsOf,
  type SectionTypeName,
  sectionTypes,
} from './options.ts';
import type { SectionType } from './section-type.ts';
import type { UciOption, UciSection } from './uci.ts';

/** A section of the file and what it says, defaults filled in. */
export interface Section<T extends SectionTypeName> {
  readonly section: UciSection;
  readonly options: OptionsOf<T>;
}
/** All sections by type, in the order of the file. */
export type Sections = { readonly [T in SectionTypeName]: readonly Section<T>[] };

export function readSections(all: readonly UciSection[], findings: Findings): Sections {
  for (const section of all) checkType(section, findings);
  const read = <S extends z.ZodMiniObject>(name: SectionTypeName, type: SectionType<S>) =>
    all
      .filter((section) => section.type === name)
      .flatMap((section) => readSection(section, type, findings) ?? []);
  return {
    service: read('service', sectionTypes.service),
    pool: read('pool', sectionTypes.pool),
    connection: read('connection', sectionTypes.connection),
    certificate: read('certificate', sectionTypes.certificate),
    authority: read('authority', sectionTypes.authority),
    psk: read('psk', sectionTypes.psk),
    ppk: read('ppk', sectionTypes.ppk),
    user: read('user', sectionTypes.user),
    device: read('device', sectionTypes.device),
  };
}

/** Sections that others refer to by their name, with it; one that has none is an error. */
export function named<T extends { readonly section: UciSection }>(
  sections: readonly T[],
  findings: Findings,
): readonly (T & { readonly name: string })[] {
  return sections.flatMap((entry) => {
    const { name, type } = entry.section;
    if (name !== undefined) return [{ ...entry, name }];
    findings.error(
      { section: entry.section },
      `this ${type} has no name`,
      `Write one behind the type: config ${type} 'example'.`,
    );
    return [];
  });
}

function readSection<S extends z.ZodMiniObject>(
  section: UciSection,
  type: SectionType<S>,
  findings: Findings,
): { readonly section: UciSection; readonly options: z.infer<S> } | undefined {
  const raw: Record<string, string | readonly string[]> = {};
  for (const option of section.options.values()) {
    const description = lookUp(section, option.name, type, findings);
    const value = description && rawValue(section, option, description, findings);
    if (value !== undefined) raw[option.name] = value;
  }
  requireAll(section, type, findings);
  const result = type.options.safeParse(raw);
  if (result.success) return { section, options: result.data };
  for (const issue of result.error.issues) report(section, type, issue, findings);
  return undefined;
}

function checkType(section: UciSection, findings: Findings): void {
  const { type } = section;
  if (Object.hasOwn(sectionTypes, type)) return;
  if (laterSectionTypes.includes(type)) {
    findings.warning(
      { section },
      'sections of this type are not yet supported by this version: ignored',
      'Remove it, or leave it for a later version.',
    );
    return;
  }
  const known = Object.keys(sectionTypes);
  const guess = type.length <= LONGEST_NAME ? nearest(type, known) : undefined;
  findings.warning(
    { section },
    `there is no section type «${printable(type, LONGEST_NAME)}»: ignored`,
    guess ? `Did you mean ${guess}?` : `Known are ${known.join(', ')}.`,
  );
}

/** Undefined, and a warning: this version cannot do anything with the option. */
function lookUp(
  section: UciSection,
  option: string,
  { options, later }: SectionType,
  findings: Findings,
): Description | undefined {
  const schema = Object.hasOwn(options.shape, option) ? options.shape[option] : undefined;
  if (schema) return describe(schema);
  if (later.includes(option)) {
    findings.warning(
      { section, option },
      'it is not yet supported by this version: ignored',
      'Remove it, or leave it for a later version.',
    );
    return undefined;
  }
  const known = Object.keys(options.shape);
  const guess = option.length <= LONGEST_NAME ? nearest(option, [...known, ...later]) : undefined;
  findings.warning(
    { section, option: printable(option, LONGEST_NAME) },
    `a ${section.type} has no such option: ignored`,
    guess ? `Did you mean ${guess}?` : `Known are ${known.join(', ')}.`,
  );
  return undefined;
}

/** What the schema shall read; undefined, and an error, if the number or length of the values is impossible. */
function rawValue(
  section: UciSection,
  { name: option, values }: UciOption,
  { isList }: Description,
  findings: Findings,
): string | readonly string[] | undefined {
  if (!isList && values.length > 1) {
    findings.error(
      { section, option, index: 1 },
      `it takes one value, and here are ${values.length}`,
      `Keep one of them: option ${option} '…'.`,
    );
    return undefined;
  }
  const tooLong = values.findIndex(({ text }) => text.length > LONGEST_VALUE);
  if (tooLong >= 0) {
    findings.error(
      { section, option, index: tooLong },
      `the value is longer than ${LONGEST_VALUE} characters`,
      'Look for a quotation mark that is closed too late.',
    );
    return undefined;
  }
  return isList ? values.map(({ text }) => text) : values[0]?.text;
}

function requireAll(section: UciSection, { options }: SectionType, findings: Findings): void {
  for (const [option, schema] of Object.entries(options.shape)) {
    const description = describe(schema);
    if (!description?.isRequired || section.options.has(option)) continue;
    const how = description.isList ? 'list' : 'option';
    findings.error({ section, option }, 'it is missing', `Add a line: ${how} ${option} '…'.`);
  }
}

/** Our kinds raise custom issues; what zod itself says is about values that were refused or missed before. */
function report(
  section: UciSection,
  { options }: SectionType,
  issue: z.core.$ZodIssue,
  findings: Findings,
): void {
  if (issue.code !== 'custom') return;
  const [name = '', index] = issue.path;
  const option = String(name);
  const place = { section, option, ...(typeof index === 'number' ? { index } : {}) };
  const schema = options.shape[option];
  const isList = schema && describe(schema)?.isList;
  const cure =
    isList && isSeveral(section, option, index)
      ? `Write a line for each value: list ${option} '…'.`
      : String(issue.params?.['cure']);
  findings.error(place, issue.message, cure);
}

/** The habit of writing several values into one. */
function isSeveral(section: UciSection, name: string, index: PropertyKey | undefined): boolean {
  const option = section.options.get(name);
  const text = (typeof index === 'number' ? option?.values[index]?.text : undefined) ?? '';
  return (option?.isList ? /\S,\s*\S/ : /\S[\s,]+\S/).test(text);
}

const LONGEST_NAME = 40;
const LONGEST_VALUE = 1024;
