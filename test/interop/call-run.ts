// Callers of the WebSocket who have no session, and ask all the same, as much as they may and more; half of them in frames
// that are none. Whoever is hung up on calls again. Prints how many frames were sent.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';

export interface CallSetup {
  readonly url: string;
  readonly callers: number;
  readonly seconds: number;
}

const [setupFile = ''] = process.argv.slice(2);
const setup: CallSetup = JSON.parse(readFileSync(setupFile, 'utf8'));
const end = performance.now() + 1000 * setup.seconds;
let sent = 0;
await Promise.all(Array.from({ length: setup.callers }, (_, i) => callOn(i)));
process.stdout.write(`${sent}\n`);

const one = { jsonrpc: '2.0', id: 1, method: 'call', params: ['0'.repeat(32), 'ikev2', 'status'] };

async function callOn(caller: number): Promise<void> {
  const batch = JSON.stringify(Array.from({ length: 32 }, () => one));
  const frame = caller % 2 ? batch : '['.repeat(60_000);
  while (performance.now() < end) {
    const ws = new WebSocket(setup.url);
    ws.on('error', () => {});
    while (ws.readyState !== WebSocket.CLOSED && performance.now() < end) {
      await pause(10);
      for (let i = 0; i < 10 && ws.readyState === WebSocket.OPEN; i++) {
        ws.send(frame);
        sent++;
      }
    }
    ws.terminate();
  }
}
