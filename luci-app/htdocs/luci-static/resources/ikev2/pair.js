'use strict';
'require baseclass';
'require uci';
'require ikev2.object as object';
'require ikev2.reach as reach';

/* Two routers of this kind, joined by one text each way: its name, its public key (RFC 7670), and what is behind it.
 * Nothing in it is secret; who changes it on the way can only keep the two apart, or be seen in the key. */

const mark = 'ikev2-site-1:';
const encode = value => mark + btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
	.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

const isText = (value, pattern) => typeof(value) == 'string' && value.length <= 253 && pattern.test(value);
const prefix = /^[0-9a-f.:]+\/\d{1,3}$/i;

function decode(text) {
	const packed = text.replace(/\s+/g, '');

	if (!packed.startsWith(mark))
		return null;

	try {
		const bytes = Uint8Array.from(atob(packed.slice(mark.length).replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
		const { name, key, networks } = JSON.parse(new TextDecoder().decode(bytes));
		const isFine = isText(name, /^[a-z0-9][a-z0-9.:-]*$/i) && /^[A-Za-z0-9+/]{40,2000}=*$/.test(key)
			&& Array.isArray(networks) && networks.length > 0 && networks.length <= 16 && networks.every(one => isText(one, prefix));
		return isFine ? { name, key, networks } : null;
	}
	catch (failure) {
		return null;
	}
}

const overlaps = (a, b) => {
	const [ [ one, oneBits ], [ other, otherBits ] ] = [ a, b ].map(text => text.split('/'));
	const number = ip => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
	const size = 2 ** (32 - Math.min(oneBits, otherBits));
	return one.includes('.') && other.includes('.') && Math.floor(number(one) / size) === Math.floor(number(other) / size);
};

/* What the other router dials, and expects this one to call itself. */
function nameOf({ wan }) {
	const name = uci.get('ikev2', 'main', 'identity') ?? wan;

	if (!name)
		throw new Error(_('This router needs a name or an address of the Internet first: the other one would not find it.'));

	return name;
}

return baseclass.extend({
	decode,

	/** What the other router is given. */
	async mine() {
		const [ { key }, networks ] = await Promise.all([ object.call('key'), reach.networks() ]);
		return encode({ name: nameOf(networks), key, networks: networks.lan });
	},

	/** @throws {Error} why the two cannot be joined */
	async accept(text) {
		const other = decode(text);

		if (!other)
			throw new Error(_('This is no text of another router, or a part of it is missing.'));

		const networks = await reach.networks();
		const { lan } = networks;
		const clash = lan.find(ours => other.networks.some(theirs => overlaps(ours, theirs)));

		if (clash)
			throw new Error(_('Both networks have the addresses %s: one of them has to move first.').format(clash));

		const stem = `site_${other.name.replace(/[^a-z0-9]+/gi, '_')}`.slice(0, 40);
		const name = uci.get('ikev2', stem) ? stem : uci.add('ikev2', 'connection', stem);
		const options = {
			role: 'initiator', local_id: nameOf(networks), remote: [ other.name ], remote_id: other.name, start: 'trap', suite: 'modern',
			remote_key: [ other.key ], local_ts: lan, remote_ts: other.networks
		};

		for (const option in options)
			uci.set('ikev2', name, option, options[option]);

		reach.meet(lan);
		return name;
	}
});
