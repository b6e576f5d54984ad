// The vitest of `make mutants`: as the project «unit», but for one guard that is taken away while its file is read.
import { defineConfig } from 'vitest/config';
import { inCheckout } from '../lab/checkout.ts';
import { guards } from './guards.ts';
import { withoutGuard } from './mutation.ts';

const guard = guards[Number(process.env['MUTANT'])];
if (!guard) throw new Error('MUTANT is the number of a guard');
const victim = inCheckout(guard.file);

export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (text, id) =>
        id.split('?')[0] === victim ? withoutGuard(text, guard) : undefined,
    },
  ],
  test: {
    include: ['test/{unit,sim}/**/*.test.ts'],
    testTimeout: 60_000,
    // A guard against endless work may be the one that is gone.
    bail: 1,
  },
});
