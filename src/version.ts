// The version of the program; package.json has the only copy.
import manifest from '../package.json' with { type: 'json' };

export const version: string = manifest.version;
