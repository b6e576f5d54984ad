'use strict';
'require view';
'require dom';
'require ui';
'require uci';
'require ikev2.apply as apply';
'require ikev2.dialog as dialog';
'require ikev2.field as field';
'require ikev2.file as file';
'require ikev2.format as format';
'require ikev2.live as live';
'require ikev2.object as object';
'require ikev2.pair as pair';
'require ikev2.platform as platform';
'require ikev2.provider as provider';
'require ikev2.reach as reach';
'require ikev2.settings as settings';
'require ikev2.style as style';

/* Other routers, and providers that this router dials. */

const isSite = ({ role, pool }) => role == 'initiator' || pool == null;

return view.extend({
	load() {
		style.link();
		return Promise.all([ L.resolveDefault(live.open(now => this.draw?.(now)), null), settings.load() ]);
	},

	render([ now, isOpen ]) {
		if (!isOpen)
			return settings.closed(_('Sites and clients'));

		const body = E('tbody');
		const [ absence, seal ] = [ E('div'), E('div') ];
		this.isReadOnly = !L.hasViewPermission();
		const button = (title, act) => E('button', {
			'class': 'btn cbi-button cbi-button-add', 'disabled': this.isReadOnly || null, 'click': ui.createHandlerFn(this, act)
		}, [ title ]);
		const page = E('div', { 'class': 'ikev2-page' }, [
			E('h2', {}, [ _('Sites and clients') ]),
			E('p', {}, [ _('Other networks that belong together with this one, and providers that this router dials.') ]),
			absence,
			E('div', { 'class': 'cbi-section' }, [ E('table', { 'class': 'table ikev2-table' }, [
				E('thead', {}, [ E('tr', { 'class': 'tr table-titles' }, [ _('Connection'), _('State'), _('Behind it') ].map(text =>
					E('th', { 'class': 'th', 'scope': 'col' }, [ text ])).concat(E('th', { 'class': 'th', 'scope': 'col' }, [ E('span', { 'class': 'ikev2-hidden' }, [ _('Actions') ]) ]))) ]),
				body
			]) ]),
			seal,
			E('div', { 'class': 'right' }, [ button(_('Join another router'), 'join'), ' ', button(_('Dial a provider'), 'dial') ])
		]);
		let drawn;

		this.draw = state => {
			const sas = state?.status?.sas ?? [];
			const rows = uci.sections('ikev2', 'connection').filter(isSite).map(connection =>
				[ connection, sas.find(sa => sa.connection === connection['.name'] && sa.since != null)?.id ]);
			const isSealed = rows.some(([ connection ]) => provider.isProvider(connection)) ? provider.isSealed() : null;
			const isAbsent = (state?.lost?.isAbsent ?? false);
			const words = JSON.stringify([ rows, isSealed, isAbsent ]);

			if (drawn === words)
				return;

			drawn = words;
			dom.content(absence, [ isAbsent ? this.invitation() : '' ]);
			dom.content(seal, [ isSealed == null ? '' : this.killSwitch(isSealed) ]);
			dom.content(body, rows.length > 0 ? rows.map(row => this.row(...row)) : [
				E('tr', { 'class': 'tr placeholder' }, [ E('td', { 'class': 'td', 'colspan': 4 }, [ E('em', {}, [ _('None yet.') ]) ]) ])
			]);
		};

		if (now)
			now.root = page;

		this.live = now;
		this.draw(now);
		return page;
	},

	row(connection, sa) {
		const name = connection['.name'];
		const isUp = (sa != null);
		const act = (title, kind, click) => E('button', {
			'class': `btn cbi-button cbi-button-${kind}`, 'disabled': this.isReadOnly || null, 'click': ui.createHandlerFn(this, click)
		}, [ title ]);
		const call = (method, params) => object.call(method, params).then(() => this.live?.ask()).catch(failure => dialog.failed(failure));
		const isProvider = provider.isProvider(connection);
		const other = L.toArray(connection.remote).join(' ') || connection.remote_id || _('anybody');
		const behind = L.toArray(connection.remote_ts);

		return E('tr', { 'class': 'tr' }, [
			E('td', { 'class': 'td', 'title': name }, [ E('div', { 'class': 'ikev2-who' }, [
				platform.picture(isProvider ? 'provider' : 'router'),
				E('span', {}, [ E('strong', {}, [ format.name(isProvider ? name : other) ]), E('small', { 'class': 'ikev2-fine' }, [
					format.name(isProvider ? other : _('another router'))
				]) ])
			]) ]),
			E('td', { 'class': 'td', 'data-title': _('State') }, [ E('span', { 'class': 'ikev2-state', 'data-mood': isUp ? 'good' : '' }, [ isUp ? _('connected') : _('not connected') ]) ]),
			E('td', { 'class': 'td', 'data-title': _('Behind it') }, behind.length > 0 ? behind.map(network => E('div', {}, [ network ])) : [ _('everything') ]),
			E('td', { 'class': 'td ikev2-cell-actions' }, [
				isUp ? act(_('Hang up'), 'neutral', () => call('terminate', { connection: name }))
					: connection.role == 'initiator' ? act(_('Dial'), 'action', () => call('initiate', { connection: name })) : '', ' ',
				act(_('Remove'), 'negative', () => this.remove(name))
			])
		]);
	},

	/* Who only joins sites needs no server for devices. */
	invitation() {
		return E('div', { 'class': 'alert-message warning' }, [ E('p', {}, [ _('The gateway is not running.'), ' ', E('button', {
			'class': 'btn cbi-button cbi-button-action', 'disabled': this.isReadOnly || null,
			'click': ui.createHandlerFn(this, () => this.start().catch(failure => dialog.failed(failure)))
		}, [ _('Start it') ]) ]) ]);
	},

	async start() {
		if (uci.get('ikev2', 'main') == null)
			uci.add('ikev2', 'service', 'main');

		uci.set('ikev2', 'main', 'enabled', '1');
		await apply.apply(settings.configs);
		await apply.start();
		await this.live?.ask();
	},

	killSwitch(isSealed) {
		return E('div', { 'class': 'cbi-section ikev2-seal' }, [
			E('span', {}, [
				E('strong', {}, [ _('Kill switch') ]), ' ',
				E('span', { 'class': 'ikev2-state', 'data-mood': isSealed ? 'good' : 'warn' }, [ isSealed ? _('on') : _('off') ]),
				E('small', { 'class': 'ikev2-fine' }, [ isSealed ? _('Without the tunnel the home network has no Internet.')
					: _('Without the tunnel the home network uses the Internet as it is, and everybody can read along.') ])
			]),
			E('button', {
				'class': 'btn cbi-button', 'disabled': this.isReadOnly || null,
				'click': ui.createHandlerFn(this, () => this.change(() => provider.seal(!isSealed)).catch(failure => dialog.failed(failure)))
			}, [ isSealed ? _('Switch off') : _('Switch on') ])
		]);
	},

	/* @param configure may be refused, and then nothing was changed */
	async change(configure) {
		await configure();
		provider.hide();
		await apply.apply(settings.configs);
		await (this.live?.ask() ?? this.draw(null));
	},

	/* Each router shows its text, and takes the other's. */
	join() {
		return pair.mine().then(text => {
			const mine = E('textarea', { 'class': 'ikev2-report', 'readonly': '', 'rows': 4, 'click': event => event.target.select() }, [ text ]);
			const theirs = E('textarea', { 'class': 'ikev2-report', 'rows': 4, 'autofocus': '', 'spellcheck': 'false' });
			const why = E('p', { 'class': 'ikev2-why', 'role': 'alert' });
			const act = close => this.change(() => pair.accept(theirs.value)).then(close, failure => dom.content(why, [ failure.message ]));

			dialog.show(_('Join another router'), close => [
				E('p', {}, [ _('Copy the text of this router into the page of the other one, and the text of the other one into this page. Nothing in it is secret.') ]),
				field.row(_('Text of this router'), mine), field.row(_('Text of the other router'), theirs), why,
				E('div', { 'class': 'button-row right' }, [
					E('button', { 'class': 'btn cbi-button', 'click': close }, [ _('Close') ]), ' ',
					E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'click': ui.createHandlerFn(this, act, close) }, [ _('Join') ])
				])
			]);
		}).catch(failure => dialog.failed(failure));
	},

	dial() {
		const name = field.text({ 'value': 'provider', 'maxlength': 32 });
		const server = field.text({ 'placeholder': 'vpn.example.net', 'autofocus': '', 'maxlength': 253 });
		const user = field.text({ 'maxlength': 253 });
		const password = E('input', { 'type': 'password', 'class': 'cbi-input-password', 'autocomplete': 'new-password' });
		const authority = E('input', { 'type': 'file', 'accept': '.pem,.crt,.cer,.der' });
		const sealed = field.check(provider.isSealed());
		const why = E('p', { 'class': 'ikev2-why', 'role': 'alert' });
		const act = close => {
			if (!/^[a-z]\w*$/i.test(name.value) || !server.value || !user.value || !password.value) {
				dom.content(why, [ _('A name of letters and digits, a server, a user and a password are needed.') ]);
				return Promise.resolve();
			}

			return this.change(async () => {
				await provider.write({
					name: name.value, server: server.value.trim(), user: user.value.trim(), password: password.value,
					authority: authority.files[0] ? await file.read(authority.files[0]) : null
				});
				reach.meet((await reach.networks()).lan);
				provider.seal(sealed.checked);
			}).then(close, failure => dom.content(why, [ failure.message ]));
		};

		dialog.show(_('Dial a provider'), close => [
			field.row(_('Name'), name), field.row(_('Server'), server), field.row(_('User'), user), field.row(_('Password'), password),
			field.row(_('Authority'), authority, _('The file with which the provider proves its certificates, PEM or DER. It lets nobody in here. Empty: one that is known already.')),
			field.row(_('Kill switch'), sealed, _('Without the tunnel the home network has no Internet, instead of one that everybody can read. What the router itself asks, names among it, goes out all the same.')),
			why,
			E('div', { 'class': 'button-row right' }, [
				E('button', { 'class': 'btn cbi-button', 'click': close }, [ _('Cancel') ]), ' ',
				E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'click': ui.createHandlerFn(this, act, close) }, [ _('Dial') ])
			])
		]);
		return Promise.resolve();
	},

	remove(name) {
		dialog.confirm(_('Remove a connection'), [ E('p', {}, [ _('It ends at once:'), ' ', E('strong', {}, [ format.name(name) ]) ]) ], _('Remove'), () => this.change(() => provider.remove(name)));
		return Promise.resolve();
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
