// All ghosts there are.
import { android11, android13 } from './android.ts';
import { appleProfile, appleProfilePfs, ios16, ios17, ios26, macos13, macos14 } from './apple.ts';
import type { Model } from './model.ts';
import { networkManager } from './networkmanager.ts';
import { strongSwanApp } from './strongswan-app.ts';
import {
  windows10,
  windows11,
  windowsMaximum,
  windowsRegistry,
  windowsRegistryAdds,
  windowsScripted,
  windowsScriptedPfs,
} from './windows.ts';

export const models: readonly Model[] = [
  ios16,
  macos13,
  ios17,
  macos14,
  ios26,
  appleProfile,
  appleProfilePfs,
  windows10,
  windows11,
  windowsMaximum,
  windowsRegistry,
  windowsRegistryAdds,
  windowsScripted,
  windowsScriptedPfs,
  android11,
  android13,
  strongSwanApp,
  networkManager,
];
