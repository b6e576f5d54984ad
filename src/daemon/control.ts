// The control socket doubles as the lock of the run directory: who can listen on it is the only ikev2d there.
import { AddressInUse, type ControlSocket, openControlSocket } from '../rpc/unix.ts';
import { codeOf, Trouble } from './trouble.ts';

/** @throws Trouble when another ikev2d lives in the run directory, or the socket cannot be made */
export async function openControl(path: string): Promise<ControlSocket> {
  if (Buffer.byteLength(path) > longestPath) {
    throw new Trouble(`the path ${path} is too long for a socket`, 'Shorten --run-dir.');
  }
  try {
    return await openControlSocket(path);
  } catch (error) {
    if (error instanceof AddressInUse) {
      throw new Trouble(
        `another ikev2d answers at ${path}`,
        'Stop it, or give this one a folder of its own with --run-dir.',
      );
    }
    throw new Trouble(
      `the control socket ${path} cannot be made (${codeOf(error) ?? error})`,
      'Give ikev2d another folder with --run-dir.',
    );
  }
}

/** Of sun_path without its zero; a longer one would be cut off without a word. */
const longestPath = 107;
