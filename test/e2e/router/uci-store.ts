// /etc/config as rpcd's object `uci` shows it: what a session changed is staged until it applies, and the file may
// change beneath meanwhile. Rollback is not played: what is applied stays.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUci } from '../../../src/config/uci.ts';
import { formatUci } from '../../lab/uci.ts';

type Value = string | readonly string[];
interface Section {
  readonly type: string;
  readonly name: string;
  readonly options: Record<string, Value>;
}
type Arguments = Readonly<Record<string, unknown>>;

export class UciStore {
  readonly #folder: string;
  readonly #staged = new Map<string, ((sections: Section[]) => void)[]>();
  readonly #applied: (config: string) => Promise<void>;
  #next = 1;

  /** @param applied a file was written */
  constructor(folder: string, applied: (config: string) => Promise<void>) {
    this.#folder = folder;
    this.#applied = applied;
  }

  /** As the files are, without what is staged. */
  read(config: string): Section[] {
    const file = join(this.#folder, config);
    const { sections } = parseUci(existsSync(file) ? readFileSync(file, 'utf8') : '');
    return sections.map(({ type, name, options }, i) => ({
      ...{ type, name: name ?? `cfg${i}` },
      options: Object.fromEntries(
        [...options.values()].map(({ name: key, isList, values }) => {
          const texts = values.map(({ text }) => text);
          return [key, isList ? texts : (texts[0] ?? '')];
        }),
      ),
    }));
  }

  /** @returns undefined: there is no such method */
  async call(method: string, args: Arguments): Promise<object | undefined> {
    const config = `${args['config'] ?? ''}`;
    const section = `${args['section'] ?? ''}`;
    switch (method) {
      case 'get':
        return { values: this.#values(config) };
      case 'changes':
        return { changes: Object.fromEntries([...this.#staged.keys()].map((c) => [c, [['set']]])) };
      case 'add': {
        const name = `${args['name'] ?? `new${this.#next++}`}`;
        this.#stage(config, (all) =>
          all.push({ type: `${args['type']}`, name, options: valuesOf(args['values']) }),
        );
        return { section: name };
      }
      case 'set':
        this.#stage(config, (all) =>
          Object.assign(find(all, section).options, valuesOf(args['values'])),
        );
        return {};
      case 'delete':
        this.#stage(config, (all) => remove(all, section, args));
        return {};
      case 'revert':
        this.#staged.delete(config);
        return {};
      case 'order':
      case 'confirm':
        return {};
      case 'apply':
        await this.apply();
        return {};
      default:
        return undefined;
    }
  }

  async apply(): Promise<void> {
    for (const config of [...this.#staged.keys()]) {
      const merged = this.#merged(config);
      this.#staged.delete(config);
      writeFileSync(join(this.#folder, config), formatUci(merged), { mode: 0o600 });
      await this.#applied(config);
    }
  }

  #stage(config: string, change: (sections: Section[]) => void): void {
    this.#staged.set(config, [...(this.#staged.get(config) ?? []), change]);
  }

  #merged(config: string): Section[] {
    const sections = this.read(config);
    for (const change of this.#staged.get(config) ?? []) change(sections);
    return sections;
  }

  #values(config: string): object {
    const entries = this.#merged(config).map(({ type, name, options }, i) => [
      name,
      {
        '.type': type,
        '.name': name,
        '.index': i,
        '.anonymous': /^(cfg|new)\d/.test(name),
        ...options,
      },
    ]);
    return Object.fromEntries(entries);
  }
}

function find(all: readonly Section[], name: string): Section {
  const found = all.find((section) => section.name === name);
  if (!found) throw new Error(`there is no section ${name}`);
  return found;
}

function remove(all: Section[], name: string, { option, options }: Arguments): void {
  const gone = Array.isArray(options) ? options : option === undefined ? undefined : [option];
  const found = find(all, name);
  if (!gone) all.splice(all.indexOf(found), 1);
  for (const key of gone ?? []) delete found.options[`${key}`];
}

const valuesOf = (values: unknown): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(Object(values)).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map((one) => `${one}`) : `${value}`,
    ]),
  );
