// `ikectl user`: who may log in with a name and a password.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import { type UserView, userDeletedShape, userSetShape, usersShape } from '../methods/accounts.ts';
import { listOf, text, Usage, type Values } from './arguments.ts';
import { type Command, perform, type Surroundings, type Verb } from './command.ts';
import { readSecret } from './files.ts';
import { day, formatTable } from './text.ts';

export const userCommand: Command = {
  summary: 'Users: who may log in with a name and a password',
  usage: [
    'list [--json]',
    'add NAME [--ask | --password-file FILE|-] [--expires DAY] [--connection NAME]',
    '    [--address IP[,IP]] [--max-devices N]     without a password one is made',
    'set NAME [--generate] and the options of add; none takes one out',
    'enable|disable|delete NAME',
  ].join(`\n${' '.repeat(17)}`),
  options: {
    ...{ expires: 'string', connection: 'string', address: 'string', 'max-devices': 'string' },
    ...{ 'password-file': 'string', ask: 'boolean', generate: 'boolean', json: 'boolean' },
  },
  words: 2,
  run: (words, around) => perform('user', verbs, words, around),
};

const verbs: Readonly<Record<string, Verb>> = {
  async list({ values }, around) {
    const { users } = z.parse(usersShape, await around.call('users', {}));
    if (values['json']) return around.print(JSON.stringify({ users }));
    if (users.length === 0) return around.print('nobody; «ikectl user add NAME» adds a user');
    const head = ['user', 'may log in', 'until', 'connection', 'addresses', 'devices'];
    around.print(formatTable(head, users.map(rowOf)));
  },
  add: ({ values, positionals: [, name] }, around) => set(name, 'new', values, around),
  set: ({ values, positionals: [, name] }, around) => set(name, 'old', values, around),
  enable: ({ positionals: [, name] }, around) => able(name, true, around),
  disable: ({ positionals: [, name] }, around) => able(name, false, around),
  async delete({ positionals: [, name] }, around) {
    const result = await around.call('user_delete', { name: nameOf(name) });
    const { deleted, devices } = z.parse(userDeletedShape, result);
    const also = devices.length === 0 ? '' : `, and the devices ${devices.join(', ')}`;
    around.print(`${printable(deleted, 80)} is deleted${also}: out at once`);
  },
};

async function set(
  name: string | undefined,
  is: 'new' | 'old',
  values: Values,
  around: Surroundings,
): Promise<void> {
  const most = text(values, 'max-devices');
  if (most !== undefined && !/^(\d{1,2}|none)$/.test(most)) {
    throw new Usage(`--max-devices ${most} is no number`);
  }
  const address = text(values, 'address');
  const params = {
    name: nameOf(name),
    is,
    password: await password(values, around),
    generate: values['generate'] === true,
    expires: text(values, 'expires'),
    connection: text(values, 'connection'),
    addresses: address === 'none' ? [] : address === undefined ? undefined : listOf(address),
    max_devices: most === 'none' ? 0 : most === undefined ? undefined : Number(most),
  };
  const result = z.parse(userSetShape, await around.call('user_set', params));
  if (values['json']) return around.print(JSON.stringify(result));
  const { user, password: made } = result;
  around.print(`${printable(user.name, 80)} ${is === 'new' ? 'is added' : 'is changed'}`);
  if (made !== undefined) around.print(`password: ${made}   (told this once)`);
  if (user.barred !== undefined) around.print(`may not log in: ${printable(user.barred, 200)}`);
}

async function able(
  name: string | undefined,
  enabled: boolean,
  around: Surroundings,
): Promise<void> {
  const params = { name: nameOf(name), is: 'old', enabled };
  const { user } = z.parse(userSetShape, await around.call('user_set', params));
  around.print(
    `${printable(user.name, 80)} ${enabled ? 'may log in again' : 'is disabled: out at once'}`,
  );
}

/** Never among the words of a command: those are seen by everybody on the machine, and kept. */
async function password(values: Values, around: Surroundings): Promise<string | undefined> {
  const file = text(values, 'password-file');
  if (file !== undefined) return readSecret(file);
  if (!values['ask']) return undefined;
  const first = await around.askSecret('password: ');
  const again = await around.askSecret('once more: ');
  if (first === again) return first;
  throw new Usage('the two are not the same');
}

function nameOf(name: string | undefined): string {
  if (name !== undefined) return name;
  throw new Usage('name the user');
}

const rowOf = ({ name, barred, expires, connection, addresses, devices }: UserView) => [
  printable(name, 40),
  barred === undefined ? 'yes' : 'no',
  expires === undefined ? 'ever' : day(expires),
  connection ?? 'all',
  addresses.join(' ') || 'of the pool',
  devices.join(' ') || 'none',
];
