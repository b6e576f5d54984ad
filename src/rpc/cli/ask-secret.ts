// Asks the person at the terminal for something that the screen shall not show.
import { Usage } from './arguments.ts';

/** @throws Usage where there is no terminal, or the person gave up */
export async function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw new Usage('nobody is there to ask: use --password-file');
  stderr.write(question);
  stdin.setRawMode(true);
  try {
    return await typed(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

async function typed(stdin: NodeJS.ReadStream): Promise<string> {
  const letters: string[] = [];
  for await (const chunk of stdin) {
    for (const letter of `${chunk}`) {
      if (letter === '\r' || letter === '\n') return letters.join('');
      if (letter === interrupt || letter === endOfInput) throw new Usage('given up');
      if (letter === backspace || letter === '\b') letters.pop();
      else letters.push(letter);
    }
  }
  return letters.join('');
}

const interrupt = '\x03';
const endOfInput = '\x04';
const backspace = '\x7f';
