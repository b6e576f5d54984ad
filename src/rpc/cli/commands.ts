// The commands of `ikectl`: a few made for people, and every method of the table as it is.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import { formatProblem } from '../../policy/problem.ts';
import type { Callable, MethodTable } from '../method.ts';
import { leasesShape, poolsShape } from '../methods/pool.ts';
import { sasShape, terminatedShape } from '../methods/sa.ts';
import {
  capabilitiesShape,
  checkedShape,
  countersShape,
  selfTestShape,
  statusShape,
} from '../methods/service.ts';
import { attemptsShape } from '../methods/trace.ts';
import { number, type OptionKinds, optionsOf, paramsOf, type Words } from './arguments.ts';
import { formatCapabilities } from './capabilities.ts';
import { captureCommand } from './capture.ts';
import { certCommand } from './cert.ts';
import type { Command, Surroundings } from './command.ts';
import { deviceCommand } from './device.ts';
import { formatAttempts } from './explain.ts';
import { importCommand } from './import.ts';
import { joinCommand } from './join.ts';
import { keyCommand } from './key.ts';
import { logCommand } from './log.ts';
import { formatChecks, formatPools, formatSas, formatStatus } from './status.ts';
import { formatTable, wrap } from './text.ts';
import { upCommand } from './up.ts';
import { userCommand } from './user.ts';
import { watchCommand } from './watch.ts';

/** @returns undefined where there is no such command */
export function commandNamed(name: string, methods: MethodTable): Command | undefined {
  if (Object.hasOwn(commands, name)) return commands[name];
  const found = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return found && methodCommand(name, found);
}

const withJson = { json: 'boolean' } as const;

export const commands: Readonly<Record<string, Command>> = {
  status: {
    summary: 'The service and who is connected',
    usage: '[--json]',
    options: withJson,
    words: 0,
    run: (words, around) =>
      show(words, around, 'status', statusShape, (status) => formatStatus(status, around.now())),
  },
  sas: {
    summary: 'Who is connected',
    usage: '[--sa ID] [--connection NAME] [--json]',
    options: { ...withJson, sa: 'string', connection: 'string' },
    words: 0,
    run: (words, around) =>
      show(words, around, 'sas', sasShape, ({ sas }) => formatSas(sas, around.now()) || 'nobody'),
  },
  up: upCommand,
  down: {
    summary: 'Hang up a connection, one IKE SA, or all',
    usage: 'NAME | --sa ID | --all',
    options: { sa: 'string', all: 'boolean' },
    words: 1,
    async run({ values, positionals }, around) {
      const [connection] = positionals;
      const params = { ...given('sa', number(values['sa'])), ...given('all', values['all']) };
      const result = await around.call('terminate', {
        ...params,
        ...given('connection', connection),
      });
      const { terminated, stopped } = z.parse(terminatedShape, result);
      around.print(`hung up ${terminated} IKE SA${terminated === 1 ? '' : 's'}`);
      for (const name of stopped) {
        around.print(`${name} is not dialled again until «ikectl up ${name}» or a restart`);
      }
      return 0;
    },
  },
  log: logCommand,
  reload: {
    summary: 'Read the configuration again',
    usage: '',
    options: {},
    words: 0,
    async run(_, around) {
      const checked = z.parse(checkedShape, await around.call('reload', {}));
      for (const problem of checked.problems) around.print(problemLine(problem));
      around.print(
        checked.ok ? `in use: ${checked.summary}` : 'refused: the old configuration stays',
      );
      return checked.ok ? 0 : 1;
    },
  },
  pool: {
    summary: 'Address pools, and who holds what',
    usage: '',
    options: {},
    words: 0,
    async run(_, around) {
      const { pools } = z.parse(poolsShape, await around.call('pools', {}));
      const { leases } = z.parse(leasesShape, await around.call('leases', {}));
      const rows = leases.map(({ pool, identity, address, held }) => {
        return [pool, printable(identity, 40), address, held ? 'in use' : 'remembered'];
      });
      around.print(formatPools(pools) || 'no pools');
      if (rows.length > 0)
        around.print(`\n${formatTable(['pool', 'who', 'address', 'state'], rows)}`);
      return 0;
    },
  },
  cert: certCommand,
  key: keyCommand,
  user: userCommand,
  device: deviceCommand,
  join: joinCommand,
  import: importCommand,
  selftest: {
    summary: 'What can be told from inside about whether devices will get in',
    usage: '[--json]',
    options: withJson,
    words: 0,
    async run({ values }, around) {
      const result = await around.call('selftest', {});
      const { checks } = z.parse(selfTestShape, result);
      if (values['json']) around.print(JSON.stringify(result));
      else around.print(formatChecks(checks));
      return checks.some(({ state }) => state === 'broken') ? 1 : 0;
    },
  },
  watch: watchCommand,
  capture: captureCommand,
  capabilities: {
    summary: 'Algorithms, who computes them, what the processor can do, and the RFCs spoken',
    usage: '[--json]',
    options: withJson,
    words: 0,
    run: (words, around) =>
      show(words, around, 'capabilities', capabilitiesShape, formatCapabilities),
  },
  counters: {
    summary: 'What was dropped, refused and repeated',
    usage: '[--all] [--json]',
    options: { ...withJson, all: 'boolean' },
    words: 0,
    run: (words, around) =>
      show(words, around, 'counters', countersShape, ({ troubles, events }) => {
        const rows = troubles.map(({ count, what, name }) => [`${count}`, what, name]);
        const table = formatTable(['count', 'what', 'name'], rows);
        const said = rows.length === 0 ? 'nothing was refused, dropped or repeated' : table;
        if (!words.values['all']) return said;
        const all = [...rowsOf('IKE', events.ike), ...rowsOf('ESP', events.esp)];
        return `${said}\n\n${formatTable(['count', 'of', 'name'], all)}`;
      }),
  },
  explain: {
    summary: 'Why the last attempts failed, and what helps',
    usage: '[--limit N] [--verbose] [--json]',
    options: { ...withJson, limit: 'string', verbose: 'boolean' },
    words: 0,
    async run({ values }, around) {
      const limit = number(values['limit']) ?? 20;
      const { attempts } = z.parse(attemptsShape, await around.call('attempts', { limit }));
      const detail = values['verbose'] ? 'full' : 'brief';
      if (values['json']) around.print(JSON.stringify({ attempts }));
      else if (attempts.length > 0) around.print(formatAttempts(attempts, around.now(), detail));
      else around.print(['no attempt failed', ...(await whyNobodyKnocks(around))].join('\n'));
      return 0;
    },
  },
};

/** What keeps everybody out never gets as far as an attempt. */
async function whyNobodyKnocks(around: Surroundings): Promise<readonly string[]> {
  const { checks } = z.parse(selfTestShape, await around.call('selftest', {}));
  const found = checks.find(({ name }) => name === publicAddress);
  if (!found || (found.state !== 'broken' && found.state !== 'doubtful')) return [];
  const { says, cure } = found;
  const told = `but perhaps none gets as far as this router: ${says}`;
  return [wrap('', cure === undefined ? told : `${told}. ${cure}`, 96)];
}
const publicAddress = 'public address';

/** A method as a command: its parameters are options, its result is JSON. */
function methodCommand(name: string, { summary, params }: Callable): Command {
  const options = withoutSecrets(optionsOf(params));
  return {
    summary,
    usage: lines(
      Object.entries(options).map(
        ([option, kind]) => `[--${option}${kind === 'boolean' ? '' : ' VALUE'}]`,
      ),
    ),
    options: { ...options, ...withJson },
    words: 0,
    async run({ values }, around) {
      const result = await around.call(name, paramsOf(params, values));
      around.print(JSON.stringify(result, null, values['json'] ? 0 : 2));
      return 0;
    },
  };
}

/** What stands on a command line is seen by everybody on the machine, and kept in histories. */
const withoutSecrets = (options: OptionKinds): OptionKinds =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !/^pass/.test(name)));

/** As many words on a line of the help text as there is room for. */
function lines(words: readonly string[]): string {
  const all: string[] = [];
  for (const word of words) {
    const last = all.at(-1);
    if (last === undefined || last.length + word.length > 80) all.push(word);
    else all[all.length - 1] = `${last} ${word}`;
  }
  return all.join(`\n${' '.repeat(17)}`);
}

async function show<T>(
  { values }: Words,
  around: Surroundings,
  method: string,
  shape: z.ZodMiniType<T>,
  inWords: (result: T) => string,
): Promise<number> {
  const params = {
    ...given('sa', number(values['sa'])),
    ...given('connection', values['connection']),
  };
  const result = await around.call(method, params);
  around.print(values['json'] ? JSON.stringify(result) : inWords(z.parse(shape, result)));
  return 0;
}

const problemLine = (problem: ProblemView): string =>
  formatProblem({ option: undefined, line: undefined, ...problem });
type ProblemView = z.infer<typeof checkedShape>['problems'][number];

const rowsOf = (group: string, counters: Readonly<Record<string, number>>): string[][] =>
  Object.entries(counters)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => [`${n}`, group, name]);

const given = (name: string, value: unknown): object =>
  value === undefined ? {} : { [name]: value };
