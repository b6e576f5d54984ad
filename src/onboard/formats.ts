// THE table of formats: what each is for, and who makes it.
import { androidSheet } from './android.ts';
import { appleProfile } from './apple.ts';
import type { Credential, Onboarding, Profile } from './device.ts';
import { joinText } from './join.ts';
import { libreswanConnection } from './libreswan.ts';
import { networkManager } from './networkmanager.ts';
import { profileXml } from './profile-xml.ts';
import { sswanProfile } from './sswan.ts';
import { swanctlConfiguration } from './swanctl.ts';
import { windowsScript } from './windows.ts';

export interface Format {
  readonly format: string;
  /** For the eye. */
  readonly title: string;
  /** Kinds of systems; for each, the first row that names it is the best. */
  readonly platforms: readonly string[];
  /** Credentials that it can carry. */
  readonly auth: readonly Credential['kind'][];
  /** Whether its system looks for a signature (CMS) around it. */
  readonly isSigned?: true;
  /** Whether it can ask for ML-KEM. */
  readonly canPostQuantum?: true;
  /** @throws CannotMake */
  readonly make: (onboarding: Onboarding) => Profile;
}

const both = ['password', 'certificate'] as const;

export const formats: readonly Format[] = [
  {
    format: 'mobileconfig',
    title: 'Profile for iPhone, iPad and Mac',
    platforms: ['ios', 'macos'],
    auth: both,
    isSigned: true,
    canPostQuantum: true,
    make: appleProfile,
  },
  {
    format: 'powershell',
    title: 'Script for Windows 10 and 11',
    platforms: ['windows'],
    auth: both,
    make: windowsScript,
  },
  {
    format: 'profilexml',
    title: 'ProfileXML for managed Windows computers',
    platforms: ['windows'],
    auth: both,
    make: profileXml,
  },
  {
    format: 'sswan',
    title: 'Profile for the strongSwan app',
    platforms: ['android'],
    auth: both,
    make: sswanProfile,
  },
  {
    format: 'android',
    title: "Sheet for Android's own client",
    platforms: ['android'],
    auth: both,
    make: androidSheet,
  },
  {
    format: 'nmconnection',
    title: 'Connection for NetworkManager',
    platforms: ['linux'],
    auth: both,
    make: networkManager,
  },
  {
    format: 'join',
    title: 'Text for another router with ikev2-ts',
    platforms: ['router'],
    auth: ['password'],
    make: joinText,
  },
  {
    format: 'swanctl',
    title: 'Configuration for strongSwan',
    platforms: ['linux', 'router', 'other'],
    auth: both,
    make: swanctlConfiguration,
  },
  {
    format: 'libreswan',
    title: 'Connection for libreswan',
    platforms: ['linux', 'other'],
    auth: ['certificate'],
    make: libreswanConnection,
  },
];

export const formatNamed = (name: string): Format | undefined =>
  formats.find(({ format }) => format === name);
