import { expect, test } from 'vitest';
import { stepsFor } from '../../../src/rpc/cli/profile.ts';
import type { ProfileView } from '../../../src/rpc/methods/accounts.ts';

const profile = {
  filename: 'anna.ps1',
  steps: ['Run: powershell -File .\\anna.ps1', 'Click Connect.'],
} as unknown as ProfileView;

test('the steps name the file as it was named with --out', () => {
  expect(stepsFor(profile, '/tmp/laptop of Anna.ps1')).toEqual([
    'Run: powershell -File .\\laptop of Anna.ps1',
    'Click Connect.',
  ]);
  expect(stepsFor(profile, 'anna.ps1')).toEqual(profile.steps);
});
