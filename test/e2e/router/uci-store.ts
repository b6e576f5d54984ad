// /etc/config as rpcd's object `uci` shows it: what a session changed is staged until it applies, and the file may
// change beneath meanwhile. What is applied stays, but until it is confirmed nothing else can be applied.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUci } from '../../../src/config/uci.ts';
import type { Outcome } from '../../../src/rpc/ubus/connection.ts';
import { formatUci } from '../../lab/uci.ts';

type Value = string | readonly string[];
interface Section {
  readonly type: string;
  readonly name: string;
  readonly options: Record<string, Value>;
}
type Arguments = Readonly<Record<string, unknown>>;

/** Most of rpcd's methods say nothing but that they did it: a status without data. */
const done: Outcome = { status: 0 };
const [methodNotFound, noData, permissionDenied] = [3, 5, 6].map((status) => ({ status }));
const ok = (data: object): Outcome => ({ status: 0, data });

export class UciStore {
  readonly #folder: string;
  readonly #staged = new Map<string, ((sections: Section[]) => void)[]>();
  readonly #applied: (config: string) => Promise<void>;
  #next = 1;
  #isUnconfirmed = false;

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

  async call(method: string, args: Arguments): Promise<Outcome | undefined> {
    const config = `${args['config'] ?? ''}`;
    const section = `${args['section'] ?? ''}`;
    switch (method) {
      case 'get':
        return ok({ values: this.#values(config) });
      case 'changes': {
        const changes = Object.fromEntries([...this.#staged.keys()].map((c) => [c, [['set']]]));
        return ok({ changes });
      }
      case 'add': {
        const name = `${args['name'] ?? `new${this.#next++}`}`;
        this.#stage(config, (all) =>
          all.push({ type: `${args['type']}`, name, options: valuesOf(args['values']) }),
        );
        return ok({ section: name });
      }
      case 'set':
        this.#stage(config, (all) =>
          Object.assign(find(all, section).options, valuesOf(args['values'])),
        );
        return done;
      case 'delete':
        this.#stage(config, (all) => remove(all, section, args));
        return done;
      case 'revert':
        this.#staged.delete(config);
        return done;
      case 'order':
        return done;
      case 'confirm':
        if (!this.#isUnconfirmed) return noData;
        this.#isUnconfirmed = false;
        return done;
      case 'apply':
        return this.#applyOnce(args['rollback'] === true);
      default:
        return methodNotFound;
    }
  }

  /** As rpcd refuses: while another change waits for its confirmation, and where there is none. */
  async #applyOnce(isConfirmed: boolean): Promise<Outcome | undefined> {
    if (isConfirmed && this.#isUnconfirmed) return permissionDenied;
    if (this.#staged.size === 0) return noData;
    this.#isUnconfirmed = isConfirmed;
    await this.apply();
    return done;
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
