// The web page of the LAN host: one file, whatever is asked for.
//   node web-server.mjs FILE PORT
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';

const [file = '', port = '80'] = process.argv.slice(2);

createServer((_request, response) => {
  response.writeHead(200, { 'content-length': statSync(file).size });
  createReadStream(file, { highWaterMark: 256 * 1024 }).pipe(response);
}).listen(Number(port), '::', () => process.stdout.write('listening\n'));
