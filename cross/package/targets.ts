// The routers that there are packages for, by the names that OpenWrt gives to their processors.

export interface Cpu {
  readonly name: 'aarch64' | 'x86_64';
  /** As Node and npm call it. */
  readonly npm: 'arm64' | 'x64';
  readonly architectures: readonly string[];
}

/** One build for each; opkg and apk take it under the router's own name alone. */
export const cpus: readonly Cpu[] = [
  {
    name: 'aarch64',
    npm: 'arm64',
    architectures: [
      'aarch64_cortex-a53',
      'aarch64_cortex-a72',
      'aarch64_cortex-a76',
      'aarch64_generic',
    ],
  },
  { name: 'x86_64', npm: 'x64', architectures: ['x86_64'] },
];

/** The C library that the router's Node was built with, and by that everything it loads. */
export type Libc = 'musl' | 'glibc';
