// SPIs of ESP: 32 bits, four bytes on the wire (RFC 4303 §2.1).

export const readSpi = (bytes: Uint8Array): number =>
  bytes.reduce((sum, byte) => sum * 256 + byte, 0);

export const writeSpi = (spi: number): Uint8Array =>
  Uint8Array.of(spi >>> 24, (spi >>> 16) & 0xff, (spi >>> 8) & 0xff, spi & 0xff);

/** Values below are reserved. */
export const firstSpi = 256;
