// A peer began a handshake and did not go on. What did come in tells which way is blocked: its next message in pieces,
// the same first one again, or nothing more.
import { toHex } from '../base/bytes.ts';
import { isProviderAddress } from '../base/home.ts';
import { isIpv4 } from '../base/ip.ts';
import { whyGivenUp } from './eap/login.ts';
import { piecesOf } from './extensions/fragmentation.ts';
import { natOf } from './extensions/nat-detection.ts';
import type { Setback } from './refusal.ts';
import { type IkeSa, secondsTried } from './sa/ike-sa.ts';

export function whyStalled(sa: IkeSa): Setback {
  if (sa.phase === 'eap') return whyGivenUp(sa);
  const pieces = piecesOf(sa);
  if (pieces) {
    return {
      ...{ fault: 'no answer', cause: 'fragments-lost' },
      why: `the peer went on in ${pieces.total} fragments, of which ${pieces.have} came in`,
      advice:
        'Fragments are lost on the way: make the packets of the device smaller (MTU 1280), and look for a firewall that drops some of them.',
    };
  }
  const began = beganBefore(sa);
  if (sa.repeats > 0 || began) {
    return {
      ...{ fault: 'no answer', cause: 'answer-lost' },
      why: asksAgain(sa),
      advice:
        'Our answer does not reach it: look for a firewall that lets UDP 500 in and not out. A port scan looks the same.',
    };
  }
  return (
    whoIsInFront(sa) ?? {
      ...{ fault: 'no answer', cause: 'nothing-on-4500' },
      why: 'the peer began a handshake and did not go on',
      advice:
        'It goes on at UDP 4500: forward that port too; or its packets are too large for the way (MTU 1280). A port scan looks the same.',
    }
  );
}

/** The peer dialled another address than the one that its message came to, and told so (RFC 7296 §2.23). */
function whoIsInFront(sa: IkeSa): Setback | undefined {
  const { ip } = sa.path.local;
  if (!natOf(sa).local || !isIpv4(ip)) return undefined;
  if (isProviderAddress(ip)) {
    return {
      ...{ fault: 'no answer', cause: 'behind-cgnat' },
      why: `our address ${ip} is shared by customers of the provider (CGNAT): the peer dialled another, and what it sent to UDP 4500 did not come through`,
      advice:
        'Ask the provider for a public IPv4 address, or let devices dial by IPv6. A port scan looks the same.',
    };
  }
  return {
    ...{ fault: 'no answer', cause: 'behind-router' },
    why: `the peer dialled another address than ours, ${ip}: a router stands in front of this one, and what it sent to UDP 4500 did not come through`,
    advice: `Forward UDP 4500 there to ${ip}, as 500 is. A port scan looks the same.`,
  };
}

function asksAgain(sa: IkeSa): string {
  const seconds = secondsTried(sa);
  return seconds < 1
    ? 'the peer asks again and again for the first answer, and does not go on'
    : `the peer asks again and again for the first answer for ${seconds} s, and does not go on`;
}

/** A peer that tries for longer than we wait for it begins a second time with what it began with. */
function beganBefore({ host, spiI, path }: IkeSa): boolean {
  const { stalled } = host;
  const key = `${path.remote.ip} ${toHex(spiI)}`;
  if (stalled.has(key)) return true;
  stalled.add(key);
  const [eldest] = stalled;
  if (stalled.size > mostRemembered && eldest !== undefined) stalled.delete(eldest);
  return false;
}

const mostRemembered = 256;
