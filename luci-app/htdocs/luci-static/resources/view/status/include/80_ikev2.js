'use strict';
'require baseclass';
'require ikev2.format as format';
'require ikev2.object as object';
'require ikev2.style as style';

/* The card on LuCI's status page: whether the gateway runs, and who is connected. */

const shown = 20;

return baseclass.extend({
	title: _('VPN gateway'),

	load() {
		style.link();
		return object.call('status').catch(failure => ({ failure }));
	},

	render({ failure, sas, identity }) {
		if (failure)
			return E('p', { 'class': 'ikev2-card' }, [ E('em', {}, [ failure.message ]) ]);

		const up = sas.filter(({ since }) => since != null);
		const link = E('a', { 'href': L.url('admin/vpn/ikev2/overview') }, [ _('Details') ]);

		return E('div', { 'class': 'ikev2-card' }, [
			E('p', {}, [ _('Devices dial %s. Connected at this moment: %d.').format(identity ?? '–', up.length), ' ', link ]),
			up.length == 0 ? '' : E('ul', { 'class': 'ikev2-card-list' }, up.slice(0, shown).map(sa => E('li', {}, [
				E('strong', {}, [ format.name(sa.user ?? sa.peer) ]),
				E('span', {}, [ _('from %s').format(format.host(sa.remote)) ]),
				E('span', {}, [ _('for %s').format(format.duration(Date.now() / 1000 - sa.since)) ]),
				E('span', {}, [ _('%s sent, %s received').format(format.bytes(sa.rxBytes), format.bytes(sa.txBytes)) ])
			]))),
			up.length > shown ? E('p', {}, [ _('and %d more').format(up.length - shown) ]) : ''
		]);
	}
});
