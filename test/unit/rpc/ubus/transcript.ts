// A recorded conversation with a real ubusd, and a ubusd that has no other conversation.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { fromHex, toHex } from '../../../../src/base/bytes.ts';
import recorded from '../../../vectors/rpc/ubus-socket.json' with { type: 'json' };

export const transcript = recorded.messages.map(({ from, type, seq, peer, hex }) => ({
  isOurs: from === 'client',
  type,
  sequence: seq,
  peer: Number.parseInt(peer, 16),
  bytes: fromHex(hex),
}));

/** Says what ubusd said once it has heard what the client said, byte for byte. */
export class Replay {
  readonly #server: Server;
  readonly #waiting: { readonly at: number; readonly run: () => void }[] = [];
  #at = 0;
  /** What the client said instead of what it had said. */
  complaint: string | undefined;

  constructor() {
    this.#server = createServer((socket) => {
      let heard = Buffer.alloc(0);
      const goOn = (): void => {
        for (let next = transcript[this.#at]; next; next = transcript[this.#at]) {
          if (!next.isOurs) socket.write(next.bytes);
          else if (heard.length < next.bytes.length) break;
          else {
            const said = heard.subarray(0, next.bytes.length);
            heard = heard.subarray(next.bytes.length);
            if (toHex(said) !== toHex(next.bytes)) this.complaint ??= `${this.#at}: ${toHex(said)}`;
          }
          this.#at++;
          this.#tell();
        }
      };
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        heard = Buffer.concat([heard, chunk]);
        goOn();
      });
      goOn();
    });
  }

  async listen(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, 'listening');
  }

  close(): void {
    this.#server.close();
  }

  /** Waits until so many messages were said. */
  reached(at: number): Promise<void> {
    return new Promise((run) => {
      this.#waiting.push({ at, run });
      this.#tell();
    });
  }

  #tell(): void {
    for (const { at, run } of this.#waiting) if (at <= this.#at) run();
  }
}
