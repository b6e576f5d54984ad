'use strict';
'require view';
'require dom';
'require ui';
'require ikev2.add-device as addDevice';
'require ikev2.dialog as dialog';
'require ikev2.format as format';
'require ikev2.live as live';
'require ikev2.object as object';
'require ikev2.platform as platform';
'require ikev2.style as style';

/* Devices, whose they are, and whether they may come in. */

const isOf = ({ name, certificate }, sa) => sa.user === name || (certificate != null && sa.certificate === certificate);

function stateOf(device, sas) {
	if (device.revoked != null)
		return [ 'bad', _('revoked on %s').format(format.day(device.revoked)) ];

	if (device.barred)
		return [ 'warn', device.barred ];

	if (sas.some(sa => isOf(device, sa)))
		return [ 'good', _('connected') ];

	return [ '', _('not connected') ];
}

return view.extend({
	load() {
		style.link();
		return Promise.all([
			L.resolveDefault(live.open(now => this.draw?.(now)), null),
			L.resolveDefault(object.call('devices'), { devices: [] }),
			L.resolveDefault(object.call('users'), { users: [] })
		]);
	},

	render([ now, { devices }, { users } ]) {
		const isReadOnly = !L.hasViewPermission();
		const body = E('tbody');
		const page = E('div', { 'class': 'ikev2-page' }, [
			E('h2', {}, [ _('Devices') ]),
			E('p', {}, [ _('Every device has a password or a certificate of its own, so that one that is lost can be shut out alone.') ]),
			E('div', { 'class': 'cbi-section' }, [
				E('table', { 'class': 'table ikev2-table' }, [
					E('thead', {}, [ E('tr', { 'class': 'tr table-titles' },
						[ _('Device'), _('State'), _('Proves itself by'), _('Added'), _('Until') ].map(text => E('th', { 'class': 'th', 'scope': 'col' }, [ text ]))
							.concat(E('th', { 'class': 'th', 'scope': 'col' }, [ E('span', { 'class': 'ikev2-hidden' }, [ _('Actions') ]) ]))) ]),
					body
				])
			]),
			E('div', { 'class': 'right' }, [
				E('button', {
					'class': 'btn cbi-button cbi-button-add important', 'disabled': isReadOnly || null,
					'click': () => addDevice.open(this.devices, users, () => this.refresh())
				}, [ _('Add a device') ])
			])
		]);
		let drawn;

		this.devices = devices;
		this.draw = state => {
			const sas = state.status?.sas ?? [];
			const rows = this.devices.map(device => [ device, stateOf(device, sas) ]);
			const words = JSON.stringify(rows);

			if (drawn === words)
				return;

			drawn = words;
			dom.content(body, rows.length > 0 ? rows.map(([ device, about ]) => this.row(device, about, isReadOnly))
				: [ E('tr', { 'class': 'tr placeholder' }, [ E('td', { 'class': 'td', 'colspan': 6 }, [ E('em', {}, [ _('There is no device yet.') ]) ]) ]) ]);
		};

		if (now) {
			now.root = page;
			this.live = now;
			this.draw(now);
		}

		return page;
	},

	row(device, [ mood, words ], isReadOnly) {
		const isOut = (device.revoked != null);
		const cell = (title, children) => E('td', { 'class': 'td', 'data-title': title }, children);

		return E('tr', { 'class': 'tr ikev2-device' }, [
			cell(_('Device'), [ E('div', { 'class': 'ikev2-who' }, [
				platform.picture(device.platform ?? 'other'),
				E('span', {}, [ E('strong', {}, [ format.name(device.name) ]), ' ', E('small', {}, [ format.name(device.owner ?? platform.titleOf(device.platform)) ]) ])
			]) ]),
			cell(_('State'), [ E('span', { 'class': 'ikev2-state', 'data-mood': mood }, [ words ]) ]),
			cell(_('Proves itself by'), [ device.auth == 'certificate' ? _('certificate') : _('password') ]),
			cell(_('Added'), [ device.created ? format.day(device.created) : '–' ]),
			cell(_('Until'), [ device.expires ? format.day(device.expires) : _('always') ]),
			E('td', { 'class': 'td ikev2-cell-actions' }, isOut ? [] : [
				E('button', {
					'class': 'btn cbi-button', 'disabled': isReadOnly || null, 'click': ui.createHandlerFn(this, 'again', device)
				}, [ _('Set up again') ]), ' ',
				E('button', {
					'class': 'btn cbi-button cbi-button-negative', 'disabled': isReadOnly || null, 'click': () => this.revoke(device)
				}, [ _('Revoke') ])
			])
		]);
	},

	refresh() {
		return object.call('devices').then(({ devices }) => {
			this.devices = devices;
			return this.live?.ask();
		}).catch(failure => dialog.failed(failure));
	},

	/* A new secret: the old one stops working. */
	again(device) {
		return object.call('formats', { platform: device.platform }).then(({ formats }) => {
			const chosen = formats.find(({ auth }) => auth.includes(device.auth))?.format;
			dialog.confirm(_('Set up again'), [
				E('p', {}, [ format.name(device.name), ': ', _('a new secret is made. The device must be set up with it; the old one stops working.') ])
			], _('Make a new one'), () => object.call('device_export', { name: device.name, format: chosen, renew: true }).then(profile => {
				window.setTimeout(() => addDevice.hand({ device, file: profile }, chosen), 0);
			}));
		}).catch(failure => dialog.failed(failure));
	},

	revoke(device) {
		dialog.confirm(_('Revoke a device'), [
			E('p', {}, [ _('The tunnel of this device ends at once, and it can never come back:'), ' ', E('strong', {}, [ format.name(device.name) ]) ])
		], _('Revoke'), () => object.call('device_revoke', { device: device.name }).then(() => this.refresh()));
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
