'use strict';
'require baseclass';
'require uci';

/* This router as the client of a provider: what it dials, and that nothing leaves past the tunnel where that is wished. */

const zoneName = () => uci.get('ikev2', 'main', 'zone') ?? 'vpn';
const wayOut = () => uci.sections('firewall', 'forwarding').filter(({ src, dest }) => src === 'lan' && dest === 'wan');

return baseclass.extend({
	/** Whether the home may send past the tunnel. */
	isSealed: () => wayOut().length > 0 && wayOut().every(({ enabled }) => enabled === '0'),

	/** The home reaches the Internet through the tunnel or not at all. */
	seal(isSealed) {
		for (const { '.name': name } of wayOut())
			uci.set('firewall', name, 'enabled', isSealed ? '0' : null);
	},

	/** @param {{name: string, server: string, user: string, password: string}} account */
	write({ name, server, user, password }) {
		const connection = uci.get('ikev2', name) ? name : uci.add('ikev2', 'connection', name);
		const options = {
			role: 'initiator', start: 'start', remote: [ server ], remote_id: server, local_auth: 'eap-mschapv2', remote_auth: [ 'pubkey' ],
			eap_id: user, virtual_ip: [ '0.0.0.0', '::' ]
		};

		for (const option in options)
			uci.set('ikev2', connection, option, options[option]);

		const account = uci.get('ikev2', `${name}_user`) ? `${name}_user` : uci.add('ikev2', 'user', `${name}_user`);
		uci.set('ikev2', account, 'name', user);
		uci.set('ikev2', account, 'password', password);
		uci.set('ikev2', account, 'connection', connection);

		/* Hosts at home hide behind the one address that the provider gives. */
		const zone = uci.sections('firewall', 'zone').find(one => one.name === zoneName());

		if (zone)
			uci.set('firewall', zone['.name'], 'masq', '1');
	}
});
