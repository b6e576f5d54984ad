// Loaded into a daemon before its own code: its wall clock is as wrong as a file says, in seconds, and jumps when that
// changes. The monotonic clock and the timers go on, as they do when NTP sets a router's clock.
import { readFileSync } from 'node:fs';

const file = process.env.WALL_CLOCK_FILE;
const real = globalThis.Date;

function offset() {
  try {
    return Number(readFileSync(file, 'utf8')) * 1000 || 0;
  } catch {
    return 0;
  }
}

globalThis.Date = class WallClock extends real {
  constructor(...given) {
    if (given.length === 0) super(real.now() + offset());
    else super(...given);
  }

  static now() {
    return real.now() + offset();
  }
};
