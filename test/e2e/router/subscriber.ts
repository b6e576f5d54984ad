// Listens to an object on the bus, as uhttpd does for whoever reads its server-sent events.
import { createConnection } from 'node:net';
import {
  type Attributes,
  MessageType,
  messageLength,
  readMessage,
  Status,
  writeMessage,
} from '../../../src/rpc/ubus/message.ts';

/** @returns how to stop; undefined: there is no such object */
export function subscribe(
  path: string,
  object: string,
  heard: (event: string, data: object) => void,
): Promise<(() => void) | undefined> {
  return new Promise((done, failed) => {
    const socket = createConnection(path);
    let unread = Buffer.alloc(0);
    const say = (type: number, attributes: Attributes): void => {
      socket.write(writeMessage({ type, sequence: type, peer: 0, attributes }));
    };
    const end = (): void => {
      socket.destroy();
      done(undefined);
    };
    const settle = (sequence: number, status: number | undefined): void => {
      if (status !== Status.Ok) end();
      else if (sequence === MessageType.Subscribe) done(() => void socket.destroy());
    };
    const heed = (type: number, sequence: number, attributes: Attributes): void => {
      const { method = '', data = {}, status } = attributes;
      if (type === MessageType.Hello) say(MessageType.Lookup, { path: object });
      else if (type === MessageType.Status) settle(sequence, status);
      else if (type === MessageType.Invoke) heard(method, data);
      else if (sequence === MessageType.Lookup)
        say(MessageType.Subscribe, { object: attributes.object ?? 0 });
    };
    socket.on('error', failed);
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      for (let n = messageLength(unread); n && n <= unread.length; n = messageLength(unread)) {
        const { type, sequence, attributes } = readMessage(unread.subarray(0, n));
        unread = unread.subarray(n);
        heed(type, sequence, attributes);
      }
    });
  });
}
