// `ikectl`: the command line of a running ikev2d.
import { runTool } from './rpc/cli/run.ts';
import { methods } from './rpc/table.ts';
import { version } from './version.ts';

process.stdout.on('error', () => process.exit(0)); // `ikectl log | head` hangs up on us
process.exitCode = await runTool(process.argv.slice(2), {
  version,
  methods,
  async withoutDaemon(config) {
    const { deskWithoutDaemon } = await import('./daemon/desk/alone.ts');
    return deskWithoutDaemon(config);
  },
  terminal: {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  },
});
