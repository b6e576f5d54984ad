// The desk for `ikectl` where no daemon runs.
import { randomFillSync } from 'node:crypto';
import type { DaemonApi } from '../../rpc/api.ts';
import { certificateDesk } from './desk.ts';

export function deskWithoutDaemon(configFile: string): Pick<DaemonApi, 'certificates'> {
  return {
    certificates: certificateDesk({
      configFile,
      now: () => new Date(),
      random: (bytes) => randomFillSync(new Uint8Array(bytes)),
      configured: async () => {},
      filesChanged: () => {},
    }),
  };
}
