'use strict';
'require view';
'require dom';
'require ui';
'require ikev2.dialog as dialog';
'require ikev2.field as field';
'require ikev2.file as file';
'require ikev2.format as format';
'require ikev2.object as object';
'require ikev2.style as style';

/* The authority, what the gateway shows, and what devices have: how long they last, and what can be done about it. */

const kinds = () => ({
	authority: [ _('Authorities'), _('Whoever trusts one of these believes what it issued.') ],
	gateway: [ _('The gateway'), _('What it shows to devices that dial in.') ],
	device: [ _('Devices'), _('Issued by the authority at home.') ]
});

function until({ notAfter, revoked }) {
	if (revoked != null)
		return [ 'bad', _('revoked on %s').format(format.day(revoked)) ];

	const days = format.daysUntil(notAfter);
	return days < 0 ? [ 'bad', _('expired') ] : [ days < 14 ? 'warn' : 'good', _('%d days, until %s').format(days, format.day(notAfter)) ];
}

return view.extend({
	load() {
		style.link();
		return object.call('certificates').catch(failure => ({ failure, certificates: [] }));
	},

	render(loaded) {
		const place = E('div');
		this.place = place;
		this.isReadOnly = !L.hasViewPermission();
		this.draw(loaded);
		return E('div', { 'class': 'ikev2-page' }, [ E('h2', {}, [ _('Certificates') ]), place ]);
	},

	draw({ certificates, failure }) {
		const button = (title, kind, act) => E('button', {
			'class': `btn cbi-button cbi-button-${kind}`, 'disabled': this.isReadOnly || null, 'click': ui.createHandlerFn(this, act)
		}, [ title ]);
		const home = certificates.find(({ kind, ours }) => kind == 'authority' && ours);

		dom.content(this.place, [
			failure ? E('div', { 'class': 'alert-message warning' }, [ E('p', {}, [ failure.message ]) ]) : '',
			!failure && !certificates.some(({ kind }) => kind == 'authority') ? E('div', { 'class': 'alert-message info' }, [
				E('p', {}, [ _('There is no authority yet. One of your own makes certificates for the gateway and for devices, and costs nothing.') ]),
				button(_('Make one'), 'action', 'create')
			]) : '',
			...Object.entries(kinds()).map(([ kind, [ title, about ] ]) => this.section(certificates.filter(one => one.kind == kind), title, about)),
			E('div', { 'class': 'right' }, [
				home ? button(_('Download the authority'), 'neutral', 'export') : '', ' ',
				button(_('Import a certificate'), 'add', 'take')
			])
		]);
	},

	section(certificates, title, about) {
		if (certificates.length == 0)
			return '';

		const head = [ _('Name'), _('Lasts'), _('For'), _('Issued by') ];
		return E('div', { 'class': 'cbi-section' }, [
			E('h3', {}, [ title ]), E('div', { 'class': 'cbi-section-descr' }, [ about ]),
			E('table', { 'class': 'table ikev2-table ikev2-certificates' }, [
				E('thead', {}, [ E('tr', { 'class': 'tr table-titles' }, head.map(text => E('th', { 'class': 'th', 'scope': 'col' }, [ text ]))
					.concat(E('th', { 'class': 'th', 'scope': 'col' }, [ E('span', { 'class': 'ikev2-hidden' }, [ _('Actions') ]) ]))) ]),
				E('tbody', {}, certificates.map(one => this.row(one, head)))
			])
		]);
	},

	row(certificate, head) {
		const [ mood, words ] = until(certificate);
		const { kind, ours, name, names, subject, serial, revoked, issuer } = certificate;
		const act = (title, style, click) => E('button', {
			'class': `btn cbi-button cbi-button-${style}`, 'disabled': this.isReadOnly || null, 'click': ui.createHandlerFn(this, click)
		}, [ title ]);

		return E('tr', { 'class': 'tr' }, [
			E('td', { 'class': 'td', 'data-title': head[0] }, [ E('strong', {}, [ format.name(name) ]), E('small', { 'class': 'ikev2-fine' }, [ serial ]) ]),
			E('td', { 'class': 'td', 'data-title': head[1] }, [ E('span', { 'class': 'ikev2-state', 'data-mood': mood }, [ words ]) ]),
			E('td', { 'class': 'td', 'data-title': head[2] }, [ format.name(names.join(', ') || subject) ]),
			E('td', { 'class': 'td', 'data-title': head[3] }, [ ours && kind != 'authority' ? _('the authority at home') : format.name(issuer) ]),
			E('td', { 'class': 'td ikev2-cell-actions' }, [
				kind == 'gateway' && ours ? act(_('Renew'), 'action', () => this.renew(certificate)) : '',
				kind == 'device' && revoked == null ? act(_('Revoke'), 'negative', () => this.revoke(certificate)) : ''
			])
		]);
	},

	refresh() {
		return this.load().then(loaded => this.draw(loaded));
	},

	create() {
		return object.call('ca_create', {}).then(({ done }) => {
			dialog.said(done.join(' '));
			return this.refresh();
		}).catch(failure => dialog.failed(failure));
	},

	renew({ name }) {
		return object.call('certificate_renew', { certificate: name }).then(() => {
			dialog.said(_('The certificate was renewed. Tunnels that are up notice nothing.'));
			return this.refresh();
		}).catch(failure => dialog.failed(failure));
	},

	revoke({ name, serial }) {
		dialog.confirm(_('Revoke a certificate'), [
			E('p', {}, [ _('Whoever shows it is hung up on, and never let in again:'), ' ', E('strong', {}, [ format.name(name) ]) ])
		], _('Revoke'), () => object.call('certificate_revoke', { certificate: serial }).then(() => this.refresh()));
		return Promise.resolve();
	},

	export() {
		return object.call('ca_export').then(({ name, pem }) => file.download({ filename: `${name}.pem`, type: 'application/x-pem-file', content: pem }))
			.catch(failure => dialog.failed(failure));
	},

	/* Such as an ACME client made it, or a PKCS#12 file from elsewhere. */
	take() {
		const name = field.text({ 'value': 'gateway', 'maxlength': 64 });
		const content = E('input', { 'type': 'file', 'accept': '.pem,.crt,.cer,.p12,.pfx' });
		const key = E('input', { 'type': 'file', 'accept': '.pem,.key' });
		const passphrase = E('input', { 'type': 'password', 'class': 'cbi-input-password', 'autocomplete': 'off' });
		const why = E('p', { 'class': 'ikev2-why', 'role': 'alert' });
		const act = close => {
			if (!content.files[0]) {
				dom.content(why, [ _('Choose a file first.') ]);
				return Promise.resolve();
			}

			return Promise.all([ content, key ].map(({ files }) => files[0] ? file.read(files[0]) : null)).then(([ certificate, secret ]) =>
				object.call('certificate_import', { name: name.value, content: certificate, key: secret, passphrase: passphrase.value || null, force: true })
			).then(() => {
				close();
				return this.refresh();
			}).catch(failure => dom.content(why, [ failure.message ]));
		};

		dialog.show(_('Import a certificate'), close => [
			E('p', {}, [ _('For the gateway itself, with its private key: PEM files, as ACME clients write them, or one PKCS#12 file.') ]),
			field.row(_('Name'), name), field.row(_('Certificate'), content), field.row(_('Private key'), key, _('Not needed where the certificate file has it.')),
			field.row(_('Passphrase'), passphrase), why,
			E('div', { 'class': 'button-row right' }, [
				E('button', { 'class': 'btn cbi-button', 'click': close }, [ _('Cancel') ]), ' ',
				E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'click': ui.createHandlerFn(this, act, close) }, [ _('Import') ])
			])
		]);
		return Promise.resolve();
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
