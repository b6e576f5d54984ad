'use strict';
'require baseclass';
'require rpc';
'require uci';

/* What devices may reach, as its owner thinks of it; and the zones, forwardings and selectors that it comes to. */

const interfaces = rpc.declare({ object: 'network.interface', method: 'dump', expect: { interface: [] } });

const zoneName = () => uci.get('ikev2', 'main', 'zone') ?? 'vpn';
const zone = () => uci.sections('firewall', 'zone').find(({ name }) => name === zoneName());
const isOn = ({ enabled }) => enabled !== '0';
const forwardings = dest => uci.sections('firewall', 'forwarding').filter(one => one.src === zoneName() && one.dest === dest);
/* Those that devices come in by; a site has selectors of its own. */
const forDevices = () => uci.sections('ikev2', 'connection').filter(({ role, pool }) => role !== 'initiator' && pool != null);

function forward(dest, isAllowed) {
	const [ first, ...more ] = forwardings(dest);

	for (const { '.name': name } of isAllowed ? more : [ ...(first ? [ first ] : []), ...more ])
		uci.remove('firewall', name);

	if (!isAllowed || first) {
		if (isAllowed && !isOn(first))
			uci.unset('firewall', first['.name'], 'enabled');

		return;
	}

	const name = uci.add('firewall', 'forwarding', `ikev2_to_${dest}`);
	uci.set('firewall', name, 'src', zoneName());
	uci.set('firewall', name, 'dest', dest);
}

/* Their prefixes as numbers of bits, wide enough for IPv4. */
const numberOf = ip => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const networkOf = ({ address, mask }) => {
	const size = 2 ** (32 - mask);
	const first = Math.floor(numberOf(address) / size) * size;
	return { first, last: first + size - 1, mask };
};
const textOf = n => [ 24, 16, 8, 0 ].map(bits => Math.floor(n / 2 ** bits) % 256).join('.');

/* The zone of the tunnels, made where there is none. */
function zoneSection() {
	const found = zone()?.['.name'];

	if (found != null)
		return found;

	const name = uci.add('firewall', 'zone', 'ikev2_zone');
	uci.set('firewall', name, 'name', zoneName());
	uci.set('firewall', name, 'device', [ uci.get('ikev2', 'main', 'device') ?? 'ipsec0' ]);
	uci.set('firewall', name, 'output', 'ACCEPT');
	uci.set('firewall', name, 'mtu_fix', '1');
	return name;
}

return baseclass.extend({
	/** @returns {Promise<{lan: string[], all: object[], wan: string | undefined}>} */
	networks() {
		return L.resolveDefault(interfaces(), []).then(found => {
			const v4 = found.flatMap(one => (one['ipv4-address'] ?? []).map(address => ({ ...address, of: one.interface })));
			const v6 = found.filter(one => one.interface === 'lan').flatMap(one => one['ipv6-prefix-assignment'] ?? []);
			const lan = v4.filter(({ of }) => of === 'lan').map(address => {
				const { first, mask } = networkOf(address);
				return `${textOf(first)}/${mask}`;
			});
			return {
				lan: [ ...lan, ...v6.map(({ address, mask }) => `${address}/${mask}`) ],
				all: v4.map(networkOf),
				wan: v4.find(({ of }) => /^wan/.test(of))?.address
			};
		});
	},

	/**
	 * A range that no network of this router has, and few elsewhere: hotels like 10.0.0.0 and 192.168.
	 * @param {{first: number, last: number}[]} taken
	 * @param {number} seed any whole number
	 */
	freeRange(taken, seed) {
		for (let i = 0; i < 256 * 100; i++) {
			const n = (seed + i * 101) % (256 * 100);
			const first = numberOf(`10.${100 + (n % 100)}.${Math.floor(n / 100)}.0`);

			if (!taken.some(network => network.first <= first + 255 && network.last >= first))
				return `${textOf(first)}/24`;
		}
	},

	/** @returns {string} a unique local prefix (RFC 4193) by that number of 40 bits */
	localPrefix(seed) {
		const digits = Math.floor(seed % 2 ** 40).toString(16).padStart(10, '0');
		return `fd${digits.slice(0, 2)}:${digits.slice(2, 6)}:${digits.slice(6)}:1::/64`;
	},

	/** As it is configured at this moment. */
	get() {
		const hasAll = forDevices().every(({ local_ts }) => local_ts == null);
		return {
			home: forwardings('lan').some(isOn),
			internet: forwardings('wan').some(isOn) && hasAll,
			others: zone()?.forward === 'ACCEPT',
			router: (zone()?.input ?? 'ACCEPT') === 'ACCEPT'
		};
	},

	/** The home network may go into the tunnels; what comes out of them is a choice of its own. */
	meet(lan) {
		if (zone() == null)
			this.set({ home: true, internet: false, others: false, router: true }, lan);

		const [ first ] = uci.sections('firewall', 'forwarding').filter(({ src, dest }) => src === 'lan' && dest === zoneName());
		const name = first?.['.name'] ?? uci.add('firewall', 'forwarding', 'ikev2_from_lan');
		uci.set('firewall', name, 'src', 'lan');
		uci.set('firewall', name, 'dest', zoneName());
		uci.set('firewall', name, 'enabled', null);
	},

	/** @param {{home: boolean, internet: boolean, others: boolean, router: boolean}} wish */
	set({ home, internet, others, router }, lan) {
		const name = zoneSection();
		uci.set('firewall', name, 'input', router ? 'ACCEPT' : 'REJECT');
		uci.set('firewall', name, 'forward', others ? 'ACCEPT' : 'REJECT');
		forward('lan', home);
		forward('wan', internet);

		/* Without the Internet only what may be reached goes into the tunnel; the rest takes the device's own way. */
		for (const { '.name': connection, pool } of forDevices()) {
			const ranges = L.toArray(uci.get('ikev2', pool, 'range'));
			uci.set('ikev2', connection, 'local_ts', internet ? null : [ ...(home ? lan : []), ...ranges ]);
		}
	}
});
