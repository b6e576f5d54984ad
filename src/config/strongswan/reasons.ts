// Why an option of strongSwan's has nothing that it could become here.

/** Undefined: there is nothing to say, for it changes nothing. */
export function reasonFor(option: string): string | undefined {
  if (silent.has(option)) return undefined;
  const found = reasons.find(([names]) => names.includes(option));
  return found?.[1] ?? 'this option is not known here';
}

/** What holds here in any case. */
const silent = new Set(['force_crypto_proposal', 'enabled', 'is_esp']);

const reasons: readonly (readonly [names: readonly string[], why: string])[] = [
  [
    ['updown', 'local_updown', 'remote_updown'],
    'no script is run: routes come and go by themselves, and netifd and the firewall see the device of the tunnels',
  ],
  [
    ['firewall', 'local_firewall', 'remote_firewall', 'zone'],
    'the firewall has a zone for the tunnels, which you edit as any other',
  ],
  [
    ['if_id', 'interface', 'hw_offload', 'priority', 'mark', 'reqid', 'replay_window'],
    'it belongs to the IPsec of the kernel, which is not used',
  ],
  [
    ['rekeybytes', 'rekey_bytes', 'lifebytes', 'life_bytes', 'rekeypackets', 'rekey_packets'],
    'keys are renewed by time (option child_lifetime), and before a cipher has carried too much',
  ],
  [['lifepackets', 'life_packets'], 'keys are renewed by time (option child_lifetime)'],
  [['overtime', 'over_time', 'margintime'], 'it follows from the lifetime, and from option jitter'],
  [['inactivity'], 'a tunnel without traffic stays'],
  [['keyingtries'], 'an initiator dials again and again, at longer and longer intervals'],
  [
    ['closeaction', 'close_action'],
    'what happens at the end of a tunnel follows from option start',
  ],
  [['ipcomp'], 'compression is not supported'],
  [
    ['send_cert', 'send_certreq'],
    'certificates are always sent, and asked for where one is needed',
  ],
  [
    ['nbns', 'dhcp', 'netmask', 'server', 'subnet', 'split_include', 'split_exclude'],
    'clients are told addresses, DNS servers and domains, and what they may reach by local_ts',
  ],
  [
    ['rtinstall_enabled', 'ignore_routing_tables'],
    'routes are set for the networks of a tunnel, beside those that are there',
  ],
  [['debug'], 'see option log of the service'],
];
