// Port 80 of the router in the lab, which is a namespace of its own; behind it is the socket of the test.
//   node door.mjs ADDRESS PORT SOCKET
import { createConnection, createServer } from 'node:net';

const [address, port, path] = process.argv.slice(2);
createServer((caller) => {
  const web = createConnection(path);
  caller.pipe(web).pipe(caller);
  for (const one of [caller, web]) {
    one.on('error', () => {
      caller.destroy();
      web.destroy();
    });
  }
}).listen(Number(port), address);
