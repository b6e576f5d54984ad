// Many random schedules, and what did not hold in which of them.
import { play, type Schedule } from './schedule.ts';
import { forgetSecrets, secretsLeft } from './watched-secrets.ts';

/** Plays them one after the other. @returns a line for each that failed, with the seed that plays it again */
export function failuresOf(schedules: readonly Schedule[]): string[] {
  const failed: string[] = [];
  for (const schedule of schedules) {
    try {
      forgetSecrets();
      play(schedule);
      // What a crash leaves went with the memory that it was in.
      const left = schedule.acts.includes('crash') ? 0 : secretsLeft();
      if (left > 0) throw new Error(`${left} secrets are not wiped`);
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      failed.push(`FIRST_SEED=${schedule.seed} SEEDS=1: ${why}`);
    }
  }
  return failed;
}
