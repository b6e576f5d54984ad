// A gateway sent us to another one (RFC 5685): its name is resolved, and the core told from where to where.
import type { Effect, Input } from '../ike/core.ts';
import { Refused } from '../rpc/method.ts';
import type { Log } from '../trace/log.ts';
import { wayToGateway } from './dial.ts';

/** @param port where IKE is spoken on both sides */
export function followRedirect(
  { connection, to, from, instead }: Extract<Effect, { kind: 'redirect' }>,
  port: number,
  { give, log }: { readonly give: (input: Input) => void; readonly log: Log },
): Promise<void> {
  return wayToGateway(to, port).then(
    (path) => {
      const redirected = { from, instead };
      give({ kind: 'command', command: { kind: 'initiate', connection, path, redirected } });
    },
    (error: unknown) => {
      if (!(error instanceof Refused)) throw error;
      log.warn(`connection '${connection}' was sent to ${to}: ${error.message}`);
    },
  );
}
