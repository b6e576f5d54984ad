// The configuration payload: virtual addresses and name servers (RFC 7296 §2.19, §3.15; RFC 8598 for domains).
import { concat, fromText } from '../../base/bytes.ts';
import { type Ip, ip, ipBytes, ipFromBytes, isIpv4, isUnicast, sameFamily } from '../../base/ip.ts';
import { CfgAttribute, CfgType } from '../../iana/configuration.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { ConfigAttribute, Cp } from '../../wire/payloads/cp.ts';
import type { LeaseAnswer } from '../core.ts';
import type { Received } from '../message.ts';

/** What the peer asks for; attributes that we do not serve are left out (RFC 7296 §3.15.1). */
export interface ConfigWish {
  readonly v4: boolean;
  readonly v6: boolean;
  readonly domains: boolean;
  /** Addresses that it asks for by name: those that it has, or had. */
  readonly addresses: readonly Ip[];
}

/** Undefined: no request at all. */
export function wishOf(received: Received): ConfigWish | undefined {
  const request = received.find(PayloadType.CP);
  if (request?.cfgType !== CfgType.CFG_REQUEST) return undefined;
  const asks = (type: number) => request.attributes.some((attribute) => attribute.type === type);
  const wish = {
    v4: asks(CfgAttribute.INTERNAL_IP4_ADDRESS),
    v6: asks(CfgAttribute.INTERNAL_IP6_ADDRESS),
    domains: asks(CfgAttribute.INTERNAL_DNS_DOMAIN),
    addresses: addressesIn(request).filter((address) => !isUnspecified(address)),
  };
  return wish.v4 || wish.v6 ? wish : undefined;
}

/** Name servers of a family are told only with an address of that family: others cannot be reached. */
export function configReply(
  wish: ConfigWish,
  { lease, dns, domains }: Extract<LeaseAnswer, { ok: true }>,
): Cp {
  const hasFamily = (server: Ip) => lease.addresses.some((own) => isIpv4(own) === isIpv4(server));
  return {
    cfgType: CfgType.CFG_REPLY,
    attributes: [
      ...lease.addresses.map(addressAttribute),
      ...dns.filter(hasFamily).map(dnsAttribute),
      // Only to a peer that asked (RFC 8598 §3.1).
      ...(wish.domains ? domains.map(domainAttribute) : []),
    ],
  };
}

/** Our request as an initiator: the unspecified address asks for any of its family. */
export function configRequest(wanted: readonly Ip[]): Cp {
  const attributes = wanted.flatMap((address): ConfigAttribute[] => {
    const type = isIpv4(address)
      ? CfgAttribute.INTERNAL_IP4_ADDRESS
      : CfgAttribute.INTERNAL_IP6_ADDRESS;
    const dns = isIpv4(address) ? CfgAttribute.INTERNAL_IP4_DNS : CfgAttribute.INTERNAL_IP6_DNS;
    const value = isUnspecified(address) ? new Uint8Array(0) : addressAttribute(address).value;
    return [
      { type, value },
      { type: dns, value: new Uint8Array(0) },
    ];
  });
  return { cfgType: CfgType.CFG_REQUEST, attributes };
}

/** The addresses that a responder assigned to us: of hosts, and no more of a family than we asked for. */
export function readConfigReply(received: Received, wanted: readonly Ip[]): readonly Ip[] {
  const reply = received.find(PayloadType.CP);
  if (reply?.cfgType !== CfgType.CFG_REPLY) return [];
  const given = addressesIn(reply).filter(isUnicast);
  return [given.filter(isIpv4), given.filter((one) => !isIpv4(one))].flatMap((family) =>
    family.slice(0, wanted.filter((one) => family.some((own) => sameFamily(own, one))).length),
  );
}

/** It stands for any address of its family. */
export const isUnspecified = (address: Ip): boolean => address === anyV4 || address === anyV6;

function addressesIn({ attributes }: Cp): readonly Ip[] {
  return attributes.flatMap(({ type, value }) => {
    if (type === CfgAttribute.INTERNAL_IP4_ADDRESS && value.length === 4)
      return [ipFromBytes(value)];
    if (type === CfgAttribute.INTERNAL_IP6_ADDRESS && value.length === 17) {
      return [ipFromBytes(value.subarray(0, 16))];
    }
    return [];
  });
}

function addressAttribute(address: Ip): ConfigAttribute {
  const bytes = ipBytes(address);
  return isIpv4(address)
    ? { type: CfgAttribute.INTERNAL_IP4_ADDRESS, value: bytes }
    : { type: CfgAttribute.INTERNAL_IP6_ADDRESS, value: concat(bytes, Uint8Array.of(128)) };
}

function dnsAttribute(server: Ip): ConfigAttribute {
  const type = isIpv4(server) ? CfgAttribute.INTERNAL_IP4_DNS : CfgAttribute.INTERNAL_IP6_DNS;
  return { type, value: ipBytes(server) };
}

const domainAttribute = (domain: string): ConfigAttribute => ({
  type: CfgAttribute.INTERNAL_DNS_DOMAIN,
  value: fromText(domain),
});

const anyV4 = ip('0.0.0.0');
const anyV6 = ip('::');
