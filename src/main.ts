// `ikev2d`: starts the daemon in this process.

import { findLibrary } from './daemon/library.ts';
import { exitCode, runDaemon } from './daemon/run.ts';
import { tellFault } from './daemon/tell.ts';
import { openNative } from './dataplane/native.ts';
import { Log } from './trace/log.ts';

const err = (line: string): void => void process.stderr.write(line);

/** Whoever reads the log may go away and come back; the tunnels stay. */
process.stderr.on('error', () => {});
process.on('uncaughtException', (error) => {
  tellFault(new Log(err, 'error'), error);
  process.exit(exitCode.bug);
});

process.exitCode = await runDaemon(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err,
  onSignal(signal, run) {
    process.on(signal, run);
    return () => process.off(signal, run);
  },
  openPlane: (options, listener) => openNative(findLibrary(), options, listener),
});
