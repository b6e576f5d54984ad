'use strict';
'require view';
'require dom';
'require ikev2.connections as connections';
'require ikev2.dialog as dialog';
'require ikev2.format as format';
'require ikev2.live as live';
'require ikev2.object as object';
'require ikev2.setup as setup';
'require ikev2.style as style';
'require ikev2.tiles as tiles';

/* Who is connected, and whether all is well. */

/* What the owner should know before a device complains; the first fault of each kind. */
function problems({ status }, checked) {
	const found = (checked?.problems ?? []).map(({ severity, section, why, cure }) => ({
		severity, text: `${section}: ${why}. ${cure}`, page: 'server'
	}));

	for (const { kind, name, notAfter } of status?.certificates ?? []) {
		const days = format.daysUntil(notAfter);
		const what = (kind == 'authority') ? _('The authority “%s”').format(name) : _('The certificate “%s”').format(name);

		if (days < 14)
			found.push({
				severity: days < 0 ? 'error' : 'warning', page: 'certificates',
				text: days < 0 ? _('%s has expired: devices refuse to connect. Renew it.').format(what)
					: _('%s expires in %d days. Renew it.').format(what, days)
			});
	}

	if (status?.keylog && !(checked?.problems ?? []).some(({ option }) => option == 'keylog'))
		found.push({
			severity: 'warning', page: 'server',
			text: _('The keys of all connections are being written to a file. Switch that off when you are done searching.')
		});

	return found;
}

function banner({ severity, text, page }) {
	return E('div', { 'class': `alert-message ${severity == 'error' ? 'error' : 'warning'}` }, [
		E('p', {}, [ text, ' ', E('a', { 'href': L.url('admin/vpn/ikev2', page) }, [ _('Look at it') ]) ])
	]);
}

return view.extend({
	load() {
		style.link();
		return Promise.all([
			live.open(now => this.draw?.(now), event => event.startsWith('certificate') && this.look()),
			L.resolveDefault(object.call('devices'), { devices: [] }),
			L.resolveDefault(object.call('config_check'), null)
		]);
	},

	/* What changes seldom: devices by name, and what is wrong with the configuration. */
	look() {
		return Promise.all([ object.call('devices'), object.call('config_check') ]).then(([ { devices }, checked ]) => {
			this.devices = devices;
			this.checked = checked;
		}).catch(() => {});
	},

	render([ now, { devices }, checked ]) {
		this.devices = devices;
		this.checked = checked;

		const isReadOnly = !L.hasViewPermission();
		const head = tiles.make();
		const table = connections.make({ isReadOnly, disconnect: row => this.disconnect(row) });
		const banners = E('div', { 'aria-live': 'polite' });
		const section = E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ _('Connected devices') ]), table.node ]);
		const invitation = E('div');
		const page = E('div', { 'class': 'ikev2-page' }, [
			E('h2', {}, [ _('VPN gateway') ]), banners, invitation, head.node, section
		]);
		let said, known = new Set();

		this.draw = state => {
			const faults = state.lost ? [] : problems(state, this.checked);
			const words = JSON.stringify(faults);

			if (said !== words)
				dom.content(banners, faults.map(banner));

			said = words;
			page.classList.toggle('ikev2-stale', state.lost != null);
			page.dataset.way = state.way;
			head.update(state);

			if (state.status) {
				const strangers = state.status.sas.filter(({ id }) => !known.has(id));

				if (strangers.length > 0 && known.size > 0)
					this.look();

				known = new Set(state.status.sas.map(({ id }) => id));
				table.update(state, this.devices);
			}
		};

		now.root = page;
		setup.isNeeded(now).then(isNeeded => isNeeded && dom.content(invitation, setup.invitation(isReadOnly)));
		this.draw(now);
		return page;
	},

	disconnect({ sa, name }) {
		dialog.confirm(_('Disconnect'), [
			E('p', {}, [ _('The tunnel of this device ends at once:'), ' ', E('strong', {}, [ format.name(name) ]) ]),
			E('p', {}, [ _('It may connect again by itself. To keep it out, revoke it among the devices.') ])
		], _('Disconnect'), () => object.call('terminate', { sa: sa.id }));
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
