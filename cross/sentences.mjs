// Collects the sentences that the gateway says to its owner, by the shape that they have: «%s days are left». The page
// knows a sentence again by its shape, and says it in its own language (luci-app, `ikev2/words.js`).
//
// A sentence is what a field or a parameter of such a name comes to, or the message of an error below: texts and templates,
// through conditions, constants and functions of the sources, wherever they are.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

const src = join(dirname(fileURLToPath(import.meta.url)), '../src');

/** Members of what methods answer, and names of parameters. */
const fields = ['why', 'advice', 'says', 'cure', 'steps', 'done', 'barred', 'evidence', 'because'];
/** Errors whose message the owner reads; other calls follow from the names of parameters. */
const errors = ['Refused', 'BadParams', 'CannotMake'];
/** Functions whose first argument is a title, of one word perhaps. */
const titled = ['fine', 'unknown', 'doubtful', 'broken'];
const functions = ['seenIn'];
/** What is said on a terminal or before the gateway runs, and of messages that break the protocol, in the words of that. */
const elsewhere = [
  /^(main|cli)\.ts|^rpc\/(cli|unix|ubus|ws)|^config\/strongswan/,
  /^(base|crypto|dataplane|pools|tls|wire)\//,
  /^daemon\/(assemble|control|kernel-tables|library|run-dir)/,
  /^ike\/eap\/(avp|mschapv2-packet|packet|peap-result|tls-fragments)/,
];
/** What is typed is the same in every language. */
const command = /^(sudo|nmcli|uci) /;

/** @returns {Map<string, string[]>} sentences in the order of the files that say them */
export function sentences() {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !elsewhere.some((one) => one.test(file)))
    .sort()
    .map((file) => readFileOf(file));
  const everywhere = new Map(files.flatMap(({ named }) => [...named]));
  const positions = new Map(errors.map((name) => [name, [0]]));
  for (const { program } of files) notePositions(program, positions);
  const found = new Map();
  for (const { file, program, named } of files) {
    const noteIf = (isFit) => (text) => {
      const shape = text.trim().replace(/^[,;:] |[,;:]$/g, '');
      if (!isFit(shape)) return;
      found.set(shape, [...new Set([...(found.get(shape) ?? []), `src/${file}`])]);
    };
    const lookUp = (name) => named.get(name) ?? everywhere.get(name) ?? [];
    for (const [node, isFit] of saying(program, positions))
      collect(node, { note: noteIf(isFit), lookUp, seen: new Set() });
  }
  return found;
}

const isTitle = (text) => /[a-z]{2}/i.test(text.replaceAll('%s', ''));

/** Two words at least, of a language and not of a machine; one beside a single value. */
function isSentence(text) {
  const words = text.replaceAll('%s', ' ').match(/(?<![\w/.:-])[a-z]{2,}(?![\w/-])/gi) ?? [];
  const values = text.split('%s').length - 1;
  return !command.test(text) && words.length >= (values === 1 ? 1 : 2);
}

function readFileOf(file) {
  const { program } = parseSync(file, readFileSync(join(src, file), 'utf8'));
  const named = new Map();
  for (const node of nodesOf(program)) {
    const isFunction = node.type === 'FunctionDeclaration' && node.body;
    const isValue = node.type === 'VariableDeclarator' && node.id.name && node.init;
    if (!isFunction && !isValue) continue;
    const { name } = node.id;
    named.set(name, [...(named.get(name) ?? []), isFunction ? node : node.init]);
  }
  return { file, program, named };
}

/** Expressions that become sentences, each with what counts as one there. */
function* saying(program, positions) {
  for (const node of nodesOf(program)) {
    for (const said of spokenBy(node, positions)) yield [said, isSentence];
    if (titled.includes(nameOf(node))) yield [node.arguments[0], isTitle];
  }
}

function spokenBy(node, positions) {
  switch (node.type) {
    case 'Property':
      return fields.includes(node.key.name) ? [node.value] : [];
    case 'VariableDeclarator':
      return fields.includes(node.id.name) ? [node.init] : [];
    case 'FunctionDeclaration':
      return functions.includes(node.id?.name) ? [node] : [];
    default:
      return (positions.get(nameOf(node)) ?? []).flatMap((at) => node.arguments[at] ?? []);
  }
}

/** At which places functions take sentences, by their names. */
function notePositions(program, positions) {
  const note = (name, { params }) => {
    if (name === 'invariant') return; // a bug, for who mends it
    const at = params.flatMap((param, i) => (fields.includes(nameOfParameter(param)) ? [i] : []));
    if (at.length > 0) positions.set(name, [...(positions.get(name) ?? []), ...at]);
  };
  for (const node of nodesOf(program)) {
    if (node.type === 'FunctionDeclaration' && node.id) note(node.id.name, node);
    const isArrow = node.type === 'VariableDeclarator' && node.init?.type.endsWith('Expression');
    if (isArrow && node.init.params) note(node.id.name, node.init);
    if (node.type === 'MethodDefinition') note(node.key.name, node.value);
    for (const member of node.type === 'ClassDeclaration' ? node.body.body : []) {
      if (member.kind === 'constructor') note(node.id.name, member.value);
    }
  }
}

/** As in `why`, `why = ''` and `readonly why`. */
const nameOfParameter = (param) =>
  param.name ?? param.left?.name ?? param.parameter?.name ?? param.parameter?.left?.name;

/** What a call calls; `` for everything else. */
function nameOf({ type, callee }) {
  if (type !== 'CallExpression' && type !== 'NewExpression') return '';
  return callee.name ?? callee.property?.name ?? '';
}

function collect(node, around) {
  if (!node || around.seen.has(node)) return;
  around.seen.add(node);
  const into = (...nodes) => {
    for (const one of nodes) collect(one, around);
  };
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? around.note(node.value) : undefined;
    case 'TemplateLiteral':
      around.note(node.quasis.map(({ value }) => value.cooked).join('%s'));
      return into(...node.expressions);
    case 'ConditionalExpression':
      return into(node.consequent, node.alternate);
    case 'LogicalExpression':
      return into(node.left, node.right);
    case 'BinaryExpression':
      return node.operator === '+' ? into(node.left, node.right) : undefined;
    case 'ArrayExpression':
      return into(...node.elements);
    case 'SpreadElement':
      return into(node.argument);
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'AwaitExpression':
      return into(node.expression ?? node.argument);
    case 'Identifier':
      return into(...around.lookUp(node.name));
    case 'CallExpression':
      return into(...(node.callee.type === 'Identifier' ? around.lookUp(node.callee.name) : []));
    case 'ArrowFunctionExpression':
    case 'FunctionDeclaration':
      return into(...returnedBy(node));
    default:
      return undefined;
  }
}

function returnedBy({ body }) {
  if (body.type !== 'FunctionBody' && body.type !== 'BlockStatement') return [body];
  return [...nodesOf(body)].flatMap((node) =>
    node.type === 'ReturnStatement' && node.argument ? [node.argument] : [],
  );
}

function* nodesOf(node) {
  if (node === null || typeof node !== 'object') return;
  if (typeof node.type === 'string') yield node;
  for (const child of Object.values(node)) yield* nodesOf(child);
}
