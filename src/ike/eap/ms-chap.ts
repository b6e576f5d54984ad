// What MSCHAPv2 computes (RFC 2759 §8, RFC 3079 §3): proofs that both sides know a password, and keys made of them.
// It is no stronger than DES, so it may only run where the server proved itself first.
import { concat, fromText, toHex } from '../../base/bytes.ts';
import { Secret } from '../../base/secret.ts';
import { desEncrypt } from '../../crypto/des.ts';
import { md4 } from '../../crypto/md4.ts';
import type { Hash } from '../../crypto/primitives.ts';

/** What both sides know when the peer has answered the challenge. */
export interface MsChap {
  /** 16 bytes of the server, 16 of the peer. */
  readonly authenticatorChallenge: Uint8Array;
  readonly peerChallenge: Uint8Array;
  /** As the peer wrote it, with its domain if it has one. */
  readonly userName: Uint8Array;
}

/** What follows from the right NT hash. */
export interface MsChapProofs {
  /** The peer's proof, 24 bytes. */
  readonly ntResponse: Uint8Array;
  /** The server's proof: `S=` and 40 hexadecimal digits. */
  readonly authenticatorResponse: string;
}

/** @param ntHash 16 bytes */
export function msChapProofs(sha1: Hash, chap: MsChap, ntHash: Uint8Array): MsChapProofs {
  const challenge = challengeHash(sha1, chap);
  const ntResponse = challengeResponse(challenge, ntHash);
  const hashOfHash = md4(ntHash);
  const digest = sha1.digest(hashOfHash, ntResponse, serverMagic);
  const proof = sha1.digest(digest, challenge, iterationMagic);
  hashOfHash.fill(0);
  return { ntResponse, authenticatorResponse: `S=${toHex(proof).toUpperCase()}` };
}

/**
 * The MSK of EAP: what the peer sends with, what it receives with, 32 zeros (RFC 3079 §3.3, 128 bits).
 * @param ntResponse of the peer
 */
export function msChapMsk(sha1: Hash, ntHash: Uint8Array, ntResponse: Uint8Array): Secret {
  const hashOfHash = md4(ntHash);
  const master = sha1.digest(hashOfHash, ntResponse, masterMagic).subarray(0, keyBytes);
  const startKey = (magic: Uint8Array) =>
    sha1.digest(master, zeros, magic, filling).subarray(0, keyBytes);
  const [toServer, toPeer] = [startKey(toServerMagic), startKey(toPeerMagic)];
  const msk = new Secret(concat(toServer, toPeer, new Uint8Array(32)));
  for (const key of [hashOfHash, master, toServer, toPeer]) key.fill(0);
  return msk;
}

/** RFC 2759 §8.2: over the user's name without the domain. */
function challengeHash(sha1: Hash, chap: MsChap): Uint8Array {
  const { peerChallenge, authenticatorChallenge, userName } = chap;
  const name = withoutDomain(userName);
  return sha1.digest(peerChallenge, authenticatorChallenge, name).subarray(0, 8);
}

/** RFC 2759 §8.5: the hash, filled up with zeros, is three keys of DES. */
function challengeResponse(challenge: Uint8Array, ntHash: Uint8Array): Uint8Array {
  const keys = concat(ntHash, new Uint8Array(5));
  const blocks = [0, 7, 14].map((at) => desEncrypt(keys.subarray(at, at + 7), challenge));
  keys.fill(0);
  return concat(...blocks);
}

/** `DOMAIN\user` is how Windows writes a user of a domain. */
function withoutDomain(userName: Uint8Array): Uint8Array {
  return userName.subarray(userName.lastIndexOf(backslash) + 1);
}

const backslash = 0x5c;
const keyBytes = 16;
// RFC 2759 §8.7.
const serverMagic = fromText('Magic server to client signing constant');
const iterationMagic = fromText('Pad to make it do more than one iteration');
// RFC 3079 §3.4.
const masterMagic = fromText('This is the MPPE Master Key');
const toServerMagic = fromText(
  'On the client side, this is the send key; on the server side, it is the receive key.',
);
const toPeerMagic = fromText(
  'On the client side, this is the receive key; on the server side, it is the send key.',
);
const zeros = new Uint8Array(40);
const filling = new Uint8Array(40).fill(0xf2);
