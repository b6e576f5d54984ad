// The one piece of the platform that the pure layers use; Node's types would bring the rest along.
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}
