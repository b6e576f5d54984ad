// What comes of an import: sections of ours, and a word on everything that did not become part of one.
import type * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import { describe } from '../../schema/describe.ts';
import type { OptionEdits, SectionName } from '../edit.ts';
import { type SectionTypeName, sectionTypes } from '../options.ts';
import type { Source } from './source.ts';

export interface ImportedSection extends SectionName {
  readonly type: SectionTypeName;
  readonly options: OptionEdits;
}
/** Something that is not, or not quite, as it was. */
export interface Remark {
  /** As its owner knows it: `remote 'office'`. */
  readonly section: string;
  readonly option: string | undefined;
  readonly why: string;
}

export class Findings {
  readonly sections: ImportedSection[] = [];
  readonly remarks: Remark[] = [];

  /** A section of the same type and name stands already: it is the same thing, met twice. */
  add(source: Source, type: SectionTypeName, name: string, options: OptionEdits): string {
    const isThere = this.sections.some((one) => one.type === type && one.name === name);
    if (!isThere) this.sections.push({ type, name, options: this.#fit(source, type, options) });
    return name;
  }

  remark({ label: section }: Pick<Source, 'label'>, option: string | undefined, why: string): void {
    this.remarks.push({ section, option, why });
  }

  /** Values that our options do not take are left out, one by one. */
  #fit(source: Source, type: SectionTypeName, options: OptionEdits): OptionEdits {
    const shape: Readonly<Record<string, z.ZodMiniType>> = sectionTypes[type].options.shape;
    const entries = Object.entries(options).map(([option, value]) => {
      const schema = shape[option];
      const takes = (one: string): boolean => {
        const given = schema && describe(schema)?.isList ? [one] : one;
        const result = schema?.safeParse(given);
        if (result?.success) return true;
        const [issue] = result?.error.issues ?? [];
        this.remark(
          source,
          undefined,
          `${option} was left out: ${printable(issue?.message ?? '', 300)}`,
        );
        return false;
      };
      if (value === undefined) return [option, undefined] as const;
      if (typeof value === 'string') return [option, takes(value) ? value : undefined] as const;
      return [option, value.filter(takes)] as const;
    });
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
}
