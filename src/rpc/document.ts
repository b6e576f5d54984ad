// What is written from the table of methods: the manual page docs/rpc.md, the rights of the web page, and the words that
// a shell completes. `node cross/gen-docs.mjs` puts them in their places.
import * as z from 'zod/mini';
import { commandNamed, commands } from './cli/commands.ts';
import { eventNames } from './feed.ts';
import { type Callable, type MethodTable, parameterOf } from './method.ts';
import { argumentsOf, objectName } from './object.ts';
import { methods } from './table.ts';
import { subscribing } from './ws/frames.ts';

/** The manual page of the methods, in Markdown. */
export function rpcPage(table: MethodTable = methods): string {
  const entries = Object.entries(table).map(([name, method]) => methodEntry(name, method));
  const events = Object.entries(eventNames).map(([kind, name]) => `| \`${name}\` | \`${kind}\` |`);
  return `${[introduction, ...entries, eventsHead, `${events.join('\n')}\n${sampleRow}`].join('\n\n')}\n`.replace(
    `${eventsHead}\n\n`,
    `${eventsHead}\n`,
  );
}

/** /usr/share/rpcd/acl.d: who may see the page may read, who may change it may do everything. */
export function accessFile(table: MethodTable = methods): string {
  const named = (access: Callable['access']): string[] =>
    Object.keys(table).filter((name) => table[name]?.access === access);
  const rights = {
    'luci-app-ikev2': {
      description: 'Grant access to the IKEv2 gateway',
      read: {
        ubus: { [objectName]: [...named('read'), subscribing], 'network.interface': ['dump'] },
        uci: { firewall: ['read'] },
      },
      // The configuration holds secrets: who may not change it does not read it either.
      write: {
        ubus: { [objectName]: named('write'), rc: ['init'] },
        uci: { ikev2: ['read', 'write'], firewall: ['read', 'write'], ddns: ['read'] },
      },
    },
  };
  return `${JSON.stringify(rights, null, '\t')}\n`;
}

/** For bash; BusyBox' ash completes names of files and programs alone. */
export function completionScript(table: MethodTable = methods): string {
  const names = [...new Set([...Object.keys(commands), ...Object.keys(table)])].sort();
  const cases = names.flatMap((name) => {
    const options = Object.keys(commandNamed(name, table)?.options ?? {});
    const words = options.map((option) => `--${option}`).join(' ');
    return words === '' ? [] : [`\t${name}) words='${words}' ;;`];
  });
  return `# Words of ikectl, for bash. Written by «node cross/gen-docs.mjs» from the table of methods.
_ikectl() {
	local words='${names.join(' ')}'
	[ "$COMP_CWORD" -eq 1 ] || case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
	*) words='' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _ikectl ikectl
`;
}

function methodEntry(name: string, method: Callable): string {
  const { summary, access, params } = method;
  const kinds = argumentsOf(method);
  const rows = Object.entries(params.shape).map(([parameter, schema]) => {
    const { fallback, isRequired, choices } = parameterOf(schema);
    const kind =
      choices.length > 0 ? choices.map((one) => `\`${one}\``).join(', ') : kinds[parameter];
    const unless = fallback === undefined ? 'not set' : `\`${fallback}\``;
    return `| \`${parameter}\` | ${kind} | ${isRequired ? 'must be set' : unless} |`;
  });
  const table = ['| parameter | value | default |', '|---|---|---|', ...rows].join('\n');
  return [
    `## ${name}`,
    `${summary}. Right: ${access}.`,
    ...(rows.length === 0 ? [] : [table]),
    `Result: ${shapeOf(method.result)}`,
  ].join('\n\n');
}

/** The members of a result, one level deep. */
function shapeOf(result: z.ZodMiniType): string {
  const { properties = {} } = z.toJSONSchema(result, { unrepresentable: 'any' });
  return `${Object.keys(properties)
    .map((name) => `\`${name}\``)
    .join(', ')}.`;
}

const introduction = `# The object ikev2

<!-- Written by \`node cross/gen-docs.mjs\` from src/rpc: change it there. -->

One table of methods, reached in four ways:

| way | how | who |
|---|---|---|
| command line | \`ikectl METHOD --parameter VALUE --json\` | root |
| control socket | JSON-RPC 2.0, one request on a line, in \`/var/run/ikev2/control.sock\` | root |
| ubus | \`ubus call ikev2 METHOD '{"parameter": value}'\`, \`ubus subscribe ikev2\` | by ubusd's and rpcd's rights |
| WebSocket | where option websocket says, such as \`ws://192.168.1.1:8500/ubus\`, in the shapes of uhttpd's \`/ubus\`: \`call\`, \`list\`, \`subscribe\` | a session of rpcd with the right |

A method that cannot do what was asked says why: in \`error.message\` of JSON-RPC, in the member \`error\` of ubus, whose
status is 2 for wrong parameters and 9 for everything else.`;

const eventsHead = `## Events

While somebody is subscribed (on the WebSocket with the right \`${subscribing}\`), events are told as they happen, with
the members of an entry of \`events\`.

| event | of the log |
|---|---|`;
const sampleRow =
  '| `sample` | every two seconds: `at`, and `id`, `rxBytes`, `txBytes` of each IKE SA |';
