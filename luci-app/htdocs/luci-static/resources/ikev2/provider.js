'use strict';
'require baseclass';
'require uci';
'require ikev2.object as object';

/* This router as the client of a provider: what it dials, how hosts at home hide behind the address that it is given,
 * and that nothing leaves past the tunnel where that is wished. */

const zoneName = () => uci.get('ikev2', 'main', 'zone') ?? 'vpn';
const wayOut = () => uci.sections('firewall', 'forwarding').filter(({ src, dest }) => src === 'lan' && dest === 'wan');
const isProvider = ({ role, virtual_ip }) => role === 'initiator' && virtual_ip != null;

/* Networks on this side of the providers: devices, and other sites. */
function insiders() {
	const pools = uci.sections('ikev2', 'pool').flatMap(({ range }) => L.toArray(range));
	const sites = uci.sections('ikev2', 'connection').filter(one => !isProvider(one)).flatMap(({ remote_ts }) => L.toArray(remote_ts));
	return [ ...pools, ...sites ].filter(text => /^[0-9a-f.:]+\/\d+$/i.test(text));
}

/* What is as it shall be is no change. */
function setOrUnset({ '.name': name, ...now }, values) {
	for (const option in values)
		if (L.toArray(now[option]).join() !== L.toArray(values[option]).join())
			uci.set('firewall', name, option, values[option]);
}

return baseclass.extend({
	isProvider,

	/** Whether the home may send past the tunnel. */
	isSealed: () => wayOut().length > 0 && wayOut().every(({ enabled }) => enabled === '0'),

	/** The home reaches the Internet through the tunnel or not at all. */
	seal(isSealed) {
		for (const { '.name': name } of wayOut())
			uci.set('firewall', name, 'enabled', isSealed ? '0' : null);
	},

	/**
	 * Hosts at home hide behind the one address of each family that a provider gives, and only from whom is beyond it:
	 * devices and sites shall see who asks them. To be called after every change of a connection or a pool.
	 */
	hide() {
		const zone = uci.sections('firewall', 'zone').find(one => one.name === zoneName());

		if (zone == null)
			return;

		const isNeeded = uci.sections('ikev2', 'connection').some(isProvider);
		const inside = isNeeded ? insiders().map(network => `!${network}`) : [];

		if (isNeeded || zone.masq_dest != null || zone.masq6 != null)
			setOrUnset(zone, {
				masq: isNeeded ? '1' : null, masq6: isNeeded ? '1' : null, masq_dest: inside.length > 0 ? inside : null
			});
	},

	/** @param {{name: string, server: string, user: string, password: string, authority?: string}} account the authority in base64 */
	async write({ name, server, user, password, authority }) {
		/* First, for it may be refused; and it writes a section of its own. */
		if (authority != null) {
			await object.call('authority_import', { name: `${name}_authority`, content: authority });
			uci.unload('ikev2');
			await uci.load('ikev2');
		}

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
	},

	/** Takes away what was written for a connection. */
	remove(name) {
		uci.remove('ikev2', name);

		for (const user of uci.sections('ikev2', 'user').filter(({ connection }) => connection === name))
			uci.remove('ikev2', user['.name']);

		if (uci.get('ikev2', `${name}_authority`))
			uci.remove('ikev2', `${name}_authority`);

		if (this.isSealed() && !uci.sections('ikev2', 'connection').some(isProvider))
			this.seal(false);
	}
});
