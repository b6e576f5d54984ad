// The layers of src/ as data (ARCHITECTURE.md draws them), and what a module breaks of them.

export interface Layer {
  readonly name: string;
  /** Layers below that it may import; itself it always may. */
  readonly below: readonly string[];
  /** npm and Node modules, by the files that may import them. */
  readonly outside: readonly { readonly module: RegExp; readonly only?: RegExp }[];
  /** Pure: the same input gives the same output, whenever and wherever it runs. */
  readonly isPure: boolean;
  readonly why: string;
}

/** TLS is in one room alone. */
const node = { module: /^node:(?!tls$)/ } as const;
const pure = ['base', 'iana', 'wire', 'crypto', 'transforms', 'policy', 'ike'] as const;

export const layers: readonly Layer[] = [
  {
    name: 'version',
    below: [],
    outside: [{ module: /^\.\.\/package\.json$/ }],
    isPure: true,
    why: 'version.ts in src/ itself: one constant',
  },
  {
    name: 'base',
    below: [],
    outside: [],
    isPure: true,
    why: 'everybody stands on it, so it stands on nothing',
  },
  {
    name: 'iana',
    below: [],
    outside: [],
    isPure: true,
    why: 'registries are numbers and names',
  },
  {
    name: 'schema',
    below: ['base'],
    outside: [{ module: /^zod\/mini$/ }],
    isPure: false,
    why: 'describes data; knows no protocol',
  },
  {
    name: 'wire',
    below: ['base', 'iana'],
    outside: [],
    isPure: true,
    why: 'bytes to values and back, without policy or keys',
  },
  {
    name: 'crypto',
    below: ['base'],
    outside: [
      { module: /^@noble\//, only: /^crypto\/noble\// },
      { module: /^node:crypto$/, only: /^crypto\/node\// },
    ],
    isPure: false,
    why: 'primitives, one folder per engine; nothing is negotiated here',
  },
  {
    name: 'transforms',
    below: ['base', 'iana', 'crypto'],
    outside: [],
    isPure: true,
    why: 'the table that joins numbers to primitives',
  },
  {
    name: 'policy',
    below: ['base', 'iana', 'transforms'],
    outside: [],
    isPure: true,
    why: 'what the administrator wants, as plain data',
  },
  {
    name: 'ike',
    below: ['base', 'iana', 'wire', 'crypto', 'transforms', 'policy'],
    outside: [],
    isPure: true,
    why: 'the core: a function with memory',
  },
  {
    name: 'dataplane',
    below: pure,
    outside: [node, { module: /^koffi$/, only: /^dataplane\/native/ }],
    isPure: false,
    why: 'the C module behind an interface; one file alone knows koffi',
  },
  {
    name: 'pki',
    below: pure,
    outside: [
      node,
      { module: /^@peculiar\/(asn1-schema|asn1-x509|x509)$/ },
      { module: /^(asn1js|reflect-metadata)$/ },
    ],
    isPure: false,
    why: 'certificates; nobody else knows the library',
  },
  {
    name: 'tls',
    below: pure,
    outside: [{ module: /^node:(tls|stream|crypto)$/ }],
    isPure: false,
    why: 'TLS inside EAP, in memory: it knows neither sockets nor who is believed',
  },
  { name: 'onboard', below: pure, outside: [node], isPure: false, why: 'files for devices' },
  { name: 'pools', below: pure, outside: [node], isPure: false, why: 'addresses to lend' },
  { name: 'radius', below: pure, outside: [node], isPure: false, why: 'one server to ask' },
  {
    name: 'config',
    below: ['schema', ...pure],
    outside: [node, { module: /^zod\/mini$/ }],
    isPure: false,
    why: 'text to policy: the core never sees a string that it must still interpret',
  },
  { name: 'trace', below: pure, outside: [node], isPure: false, why: 'prints and keeps events' },
  {
    name: 'rpc',
    below: ['base', 'schema', 'policy', 'ike', 'trace'],
    outside: [
      node,
      { module: /^zod\/mini$/ },
      { module: /^ws$/, only: /^rpc\/ws/ },
      { module: /^uqr$/, only: /^rpc\/cli/ },
    ],
    isPure: false,
    why: 'one table of methods; it asks the daemon through an interface',
  },
  {
    name: 'daemon',
    below: [
      ...['version', 'schema', ...pure],
      ...['dataplane', 'pki', 'tls', 'onboard', 'pools', 'radius', 'config', 'trace', 'rpc'],
    ],
    outside: [node],
    isPure: false,
    why: 'composes everything',
  },
  {
    name: 'main',
    below: ['version', 'base', 'policy', 'config', 'rpc', 'trace', 'dataplane', 'daemon'],
    outside: [node],
    isPure: false,
    why: 'the two programs: main.ts, which picks the real data plane, and cli.ts',
  },
];

export interface Module {
  /** Path below src/: `ike/sa/window.ts`. */
  readonly path: string;
  readonly text: string;
}

/** What a module breaks, one sentence each. */
export function judge({ path, text }: Module): string[] {
  const layer = layers.find(({ name }) => name === layerOf(path));
  if (!layer) return [`${path}: belongs to no layer`];
  const imports = importsOf(text).map((specifier) => judgeImport(layer, path, specifier));
  const breaches = layer.isPure ? impurities(path, text) : [];
  return [...imports.filter((breach) => breach !== undefined), ...breaches];
}

function judgeImport(layer: Layer, path: string, specifier: string): string | undefined {
  const found = specifier.startsWith('.') ? resolve(path, specifier) : undefined;
  if (found === undefined) return judgeOutside(layer, path, specifier);
  if (found.startsWith('../')) return judgeOutside(layer, path, found);
  const target = layerOf(found);
  if (target === layer.name || layer.below.includes(target)) return undefined;
  return `${path}: ${layer.name} must not import ${target} (${specifier}): ${layer.why}`;
}

function judgeOutside(layer: Layer, path: string, specifier: string): string | undefined {
  const rule = layer.outside.find(({ module }) => module.test(specifier));
  if (rule && (!rule.only || rule.only.test(path))) return undefined;
  return `${path}: must not import ${specifier}: ${layer.why}`;
}

/** Files that stand in src/ itself are the two programs, but for the version. */
function layerOf(path: string): string {
  const [first = ''] = path.split('/');
  if (path.includes('/')) return first;
  return first === 'version.ts' ? 'version' : 'main';
}

/** Relative to src/; begins with `../` where it leaves src/. */
function resolve(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..' && parts.length > 0) parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`, `import type`, `require('x')`. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const found = code.matchAll(
    /(?:\bfrom\s*|\bimport\s*|\bimport\s*\(\s*|\brequire\s*\(\s*)(['"])([^'"\s]+)\1/g,
  );
  return [...found].map((match) => match[2] ?? '');
}

function impurities(path: string, text: string): string[] {
  const code = withoutStrings(withoutComments(text));
  return forbidden
    .filter(({ pattern }) => pattern.test(code))
    .map(({ what }) => `${path}: pure layers know no ${what}`);
}

const forbidden: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'async', pattern: /\basync\b/ },
  { what: 'await', pattern: /\bawait\b/ },
  { what: 'Promise', pattern: /\bPromise\b/ },
  { what: 'Date', pattern: /\bDate\b/ },
  { what: 'clock', pattern: /\bperformance\b/ },
  { what: 'Math.random', pattern: /\bMath\s*\.\s*random\b/ },
  { what: 'timer', pattern: /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/ },
  { what: 'console', pattern: /\bconsole\b/ },
  { what: 'process', pattern: /\bprocess\s*\./ },
];

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
const withoutStrings = (code: string): string =>
  code.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
