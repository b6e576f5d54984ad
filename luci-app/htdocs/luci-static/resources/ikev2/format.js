'use strict';
'require baseclass';

/* How values are shown. What a peer may have chosen is always a text node, and keeps its writing direction to itself. */

/* Integrity and pseudo-random functions follow from the rest: whoever wants them reads the details. */
const suiteWords = [
	[ /^aes(\d+)gcm\d*$/, 'AES-$1-GCM' ],
	[ /^aes(\d+)ccm\d*$/, 'AES-$1-CCM' ],
	[ /^chacha20poly1305$/, 'ChaCha20-Poly1305' ],
	[ /^aes(\d+)(?:cbc)?$/, 'AES-$1' ],
	[ /^3des$/, '3DES' ],
	[ /^x25519$|^curve25519$/, 'X25519' ],
	[ /^ecp(\d+)$/, 'ECP-$1' ],
	[ /^modp(\d+)$/, 'MODP-$1' ],
	[ /^mlkem(\d+)$/, 'ML-KEM-$1' ]
];

return baseclass.extend({
	/** A name that somebody else chose. */
	name(text) {
		return E('bdi', {}, [ text ?? '' ]);
	},

	bytes(count) {
		return '%1024.1mB'.format(count ?? 0);
	},

	/** @param {number} rate bytes in a second */
	rate(rate) {
		return _('%s/s').format('%1000.1mbit'.format(Math.max(0, rate ?? 0) * 8));
	},

	/** @param {number} seconds */
	duration(seconds) {
		const total = Math.max(0, Math.round(seconds));
		const days = Math.floor(total / 86400);
		const [ hours, minutes ] = [ Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60 ];

		if (days > 0)
			return _('%dd %dh').format(days, hours);

		if (hours > 0)
			return _('%dh %dm').format(hours, minutes);

		return (minutes > 0) ? _('%dm %ds').format(minutes, total % 60) : _('%ds').format(total);
	},

	/** @param {number} at seconds since 1970 */
	time(at) {
		return new Date(at * 1000).toLocaleString(document.documentElement.lang || undefined,
			{ dateStyle: 'medium', timeStyle: 'short' });
	},

	day(at) {
		return new Date(at * 1000).toLocaleDateString(document.documentElement.lang || undefined, { dateStyle: 'medium' });
	},

	/** To the millisecond, for what happens within a handshake. */
	clock(at) {
		const date = new Date(at * 1000);
		const two = n => `${n}`.padStart(2, '0');
		return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
	},

	/** Whole days from now; negative: over. */
	daysUntil(at) {
		return Math.floor((at - Date.now() / 1000) / 86400);
	},

	/** A proposal such as aes256gcm16-prfsha384-ecp384 as people say it: AES-256-GCM, ECP-384. */
	suite(keywords) {
		const words = (keywords ?? '').split('-').flatMap(keyword => {
			const method = keyword.replace(/^ke\d_/, '');
			const known = suiteWords.find(([ pattern ]) => pattern.test(method));
			return known ? [ method.replace(...known) ] : [];
		});

		return words.join(', ') || keywords || '–';
	},

	/** The address of `address:port`, without the port. */
	host(socket) {
		return (socket ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
	},

	nat(side) {
		return {
			none: _('no address translation on the way'),
			remote: _('the device is behind a router'),
			local: _('this router is behind another one'),
			both: _('both sides are behind other routers')
		}[side] ?? side;
	},

	phase(phase) {
		return {
			init: _('key exchange'),
			auth: _('proving identities'),
			eap: _('logging in'),
			established: _('connected'),
			rekeying: _('connected'),
			closing: _('hanging up')
		}[phase] ?? phase;
	}
});
