import { BasicConstraints, ExtendedKeyUsage } from '@peculiar/asn1-x509';
import { describe, expect, test } from 'vitest';
import { fromHex } from '../../../src/base/bytes.ts';
import { NotDer, readDer, readElement } from '../../../src/pki/der.ts';
import { element } from './build-der.ts';

describe('DER (class 14)', () => {
  test.each([
    ['an indefinite length', '3080'],
    ['an indefinite length that ends', '30800000'],
    ['a length of five bytes', '308501000000'],
    ['a length that could be shorter', '308105'],
    ['a length that could be shorter, with its content', '3081020500'],
    ['a length with a leading zero', '30820080'],
    ['a tag of several bytes', '1f8101'],
    ['a tag of several bytes, with its content', '3f810100'],
    ['a length alone', '30'],
    ['content that is missing', '300501'],
    ['an empty object identifier', '0600'],
    ['a part that runs past its whole', '3002040100'],
    ['a part of a part that runs past both', '30043003040100'],
    ['a string of four-byte letters that is cut', '3005 1c03 000000'],
  ])('%s is refused', (_, hex) => expect(() => readElement(fromHex(hex))).toThrow(NotDer));

  test.each([
    ['a field too many', '300501010f0500'],
    ['a field that no place is for', '30020500'],
    ['fields in another order', '30060201000101ff'],
    ['TRUE as 1', '3003010101'],
    ['an integer with a leading zero', '30070101ff02020001'],
    ['another type', '0500'],
  ])('basicConstraints with %s are refused: the library reads past it', (_, hex) => {
    expect(() => readDer(fromHex(hex), BasicConstraints)).toThrow(NotDer);
  });

  test.each([
    ['2b06010505070301', '1.3.6.1.5.5.7.3.1'],
    ['551d2500', '2.5.29.37.0'],
    ['8837', '2.999'],
    ['2a864886f70d01010b', '1.2.840.113549.1.1.11'],
  ])('object identifier %s is %s', (hex, dotted) => {
    const der = element(0x30, element(0x06, fromHex(hex)));
    expect([...readDer(der, ExtendedKeyUsage).value]).toEqual([dotted]);
  });

  test('more elements than anybody needs are not read, however they are nested', () => {
    const of = (count: number) => element(0x30, fromHex('0500'.repeat(count)));
    expect(readElement(of(299)).parts).toHaveLength(299);
    expect(() => readElement(of(300))).toThrow(NotDer);
    const deep = (depth: number): Uint8Array =>
      element(0x30, ...(depth > 0 ? [deep(depth - 1)] : []));
    expect(readElement(deep(16)).tag).toBe(0x30);
    expect(() => readElement(deep(17))).toThrow(NotDer);
  });
});
