'use strict';
'require baseclass';
'require dom';
'require ui';
'require uci';
'require ikev2.apply as apply';
'require ikev2.dialog as dialog';
'require ikev2.field as field';
'require ikev2.object as object';
'require ikev2.provider as provider';
'require ikev2.reach as reach';

/* From a fresh installation to a gateway that devices dial: a name, and what they may reach. */

const seed = () => crypto.getRandomValues(new Uint32Array(2)).reduce((sum, n) => sum * 256 + n, 0);

/* A name that says where this router is: one of a dynamic DNS, or its address. */
function proposedName(wan) {
	return L.resolveDefault(uci.load('ddns'), null).then(() =>
		uci.sections('ddns', 'service').find(({ enabled, lookup_host }) => enabled === '1' && lookup_host)?.lookup_host ?? wan ?? '');
}

function writeServer(name, wish, { lan, all }) {
	if (uci.get('ikev2', 'main') == null)
		uci.add('ikev2', 'service', 'main');

	uci.set('ikev2', 'main', 'enabled', '1');
	uci.set('ikev2', 'main', 'identity', name);

	const number = seed();
	const range = reach.freeRange(all, number);
	const pool = uci.get('ikev2', 'devices') ? 'devices' : uci.add('ikev2', 'pool', 'devices');
	uci.set('ikev2', pool, 'range', [ range, reach.localPrefix(number) ]);
	uci.set('ikev2', pool, 'dns', [ range.replace(/0\/24$/, '1') ]);
	reach.set(wish, lan);
}

function writeConnection(wish, lan) {
	const name = uci.add('ikev2', 'connection', 'phones');
	uci.set('ikev2', name, 'local_auth', 'pubkey');
	uci.set('ikev2', name, 'remote_auth', [ 'eap-mschapv2', 'pubkey' ]);
	uci.set('ikev2', name, 'pool', 'devices');
	reach.set(wish, lan);
}

return baseclass.extend({
	/** Whether nobody has told this gateway yet whom to let in. */
	isNeeded({ status }) {
		return (status && status.connections.length > 0) ? Promise.resolve(false)
			: L.resolveDefault(uci.load('ikev2').then(() => uci.sections('ikev2', 'connection').length == 0), false);
	},

	invitation(isReadOnly) {
		return [ E('div', { 'class': 'ikev2-invitation' }, [
			E('h3', {}, [ _('Reach your home from anywhere') ]),
			E('p', {}, [ _('One name, and a minute: then phones and computers dial in with what they already have.') ]),
			E('button', { 'class': 'btn cbi-button cbi-button-action important', 'disabled': isReadOnly || null, 'click': ui.createHandlerFn(this, 'open') }, [ _('Set up') ])
		]) ];
	},

	open() {
		return Promise.all([ reach.networks(), uci.load([ 'ikev2', 'firewall' ]) ]).then(([ networks ]) =>
			proposedName(networks.wan).then(proposed => this.ask(networks, uci.get('ikev2', 'main', 'identity') ?? proposed))
		).catch(failure => dialog.failed(failure));
	},

	ask(networks, proposed) {
		const name = field.text({ 'value': proposed, 'autofocus': '', 'maxlength': 253, 'placeholder': 'vpn.example.org' });
		const [ home, internet, others ] = [ true, true, false ].map(field.check);
		const why = E('p', { 'class': 'ikev2-why', 'role': 'alert' });
		const steps = E('ol', { 'class': 'ikev2-progress', 'aria-live': 'polite' });

		const act = close => {
			const wanted = name.value.trim();

			if (!/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/i.test(wanted)) {
				dom.content(why, [ _('A name of the Internet or an address, such as vpn.example.org.') ]);
				name.focus();
				return Promise.resolve();
			}

			dom.content(why, []);
			const wish = { home: home.checked, internet: internet.checked, others: others.checked, router: true };
			return this.perform(wanted, wish, networks, steps).then(() => {
				close();
				window.location.reload();
			}, failure => dom.content(why, [ failure.message ]));
		};

		dialog.show(_('Set up the gateway'), close => [
			field.row(_('What devices dial'), name, _('A name that leads to this router, such as one of a dynamic DNS. An address works as long as it stays the same.')),
			field.row(_('They may reach the home network'), home),
			field.row(_('They may go to the Internet through here'), internet, _('Else they keep their own way to it.')),
			field.row(_('They may reach each other'), others),
			why, steps,
			E('div', { 'class': 'button-row right' }, [
				E('button', { 'class': 'btn cbi-button', 'click': close }, [ _('Cancel') ]), ' ',
				E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'click': ui.createHandlerFn(this, act, close) }, [ _('Set up') ])
			])
		]);
	},

	async perform(name, wish, networks, steps) {
		const step = async (text, run) => {
			const item = E('li', { 'class': 'spinning' }, [ text ]);
			steps.append(item);
			await run();
			item.className = 'ikev2-done';
		};

		dom.content(steps, []);
		await step(_('Free ranges of addresses, and the firewall'), async () => {
			writeServer(name, wish, networks);
			provider.hide();
			await apply.apply([ 'ikev2', 'firewall' ]);
		});
		await step(_('The gateway starts'), () => apply.start());
		await step(_('An authority of your own, and a certificate for this name'), () =>
			object.call('certificates').then(({ certificates }) =>
				certificates.some(({ kind, ours }) => kind == 'authority' && ours) ? null : object.call('ca_create', { names: [ name ] })));
		await step(_('Devices are let in'), async () => {
			uci.unload([ 'ikev2' ]);
			await uci.load([ 'ikev2', 'firewall' ]);
			writeConnection(wish, networks.lan);
			await apply.apply([ 'ikev2', 'firewall' ]);
			await apply.answers(({ connections }) => connections.includes('phones'));
		});
	}
});
