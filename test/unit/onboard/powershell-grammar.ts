// PowerShell read by the grammar that editors use (tree-sitter): whether a script parses, and what it calls with what.
import { createRequire } from 'node:module';
import { Language, type Node, Parser } from '@vscode/tree-sitter-wasm';

const { resolve } = createRequire(import.meta.url);
await Parser.init();
const parser = new Parser();
parser.setLanguage(
  await Language.load(resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-powershell.wasm')),
);

/** @throws Error with the place where a script does not parse */
export function parsePowershell(script: string): Node {
  const root = parser.parse(script)?.rootNode;
  if (!root) throw new Error('nothing was parsed');
  const [wrong] = nodesIn(root).filter((node) => node.isError || node.isMissing);
  if (!wrong) return root;
  const { row, column } = wrong.startPosition;
  throw new Error(`line ${row + 1}, column ${column + 1}: ${wrong.text.slice(0, 80)}`);
}

/** Commands by name, each with its parameters, in the order of the script. */
export const commandsIn = (root: Node): readonly (readonly [string, readonly string[]])[] =>
  nodesIn(root)
    .filter(({ type }) => type === 'command')
    .map((command) => [
      nodesIn(command).find(({ type }) => type === 'command_name')?.text ?? '',
      nodesIn(command)
        .filter(({ type }) => type === 'command_parameter')
        .map(({ text }) => text),
    ]);

function nodesIn(node: Node): Node[] {
  return [node, ...node.children.flatMap((child) => (child ? nodesIn(child) : []))];
}
