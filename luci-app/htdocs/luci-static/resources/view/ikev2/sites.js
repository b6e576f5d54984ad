'use strict';
'require view';
'require dom';
'require ui';
'require uci';
'require ikev2.apply as apply';
'require ikev2.dialog as dialog';
'require ikev2.field as field';
'require ikev2.format as format';
'require ikev2.live as live';
'require ikev2.object as object';
'require ikev2.pair as pair';
'require ikev2.provider as provider';
'require ikev2.style as style';

/* Other routers, and providers that this router dials. */

const isSite = ({ role, pool }) => role == 'initiator' || pool == null;
const configs = [ 'ikev2', 'firewall' ];

return view.extend({
	load() {
		style.link();
		return Promise.all([ L.resolveDefault(live.open(now => this.draw?.(now)), null), uci.load(configs) ]);
	},

	render([ now ]) {
		const body = E('tbody');
		this.isReadOnly = !L.hasViewPermission();
		const button = (title, act) => E('button', {
			'class': 'btn cbi-button cbi-button-add', 'disabled': this.isReadOnly || null, 'click': ui.createHandlerFn(this, act)
		}, [ title ]);
		const page = E('div', { 'class': 'ikev2-page' }, [
			E('h2', {}, [ _('Sites and clients') ]),
			E('p', {}, [ _('Other networks that belong together with this one, and providers that this router dials.') ]),
			E('div', { 'class': 'cbi-section' }, [ E('table', { 'class': 'table ikev2-table' }, [
				E('thead', {}, [ E('tr', { 'class': 'tr table-titles' }, [ _('Connection'), _('State'), _('Other side'), _('Behind it') ].map(text =>
					E('th', { 'class': 'th', 'scope': 'col' }, [ text ])).concat(E('th', { 'class': 'th', 'scope': 'col' }, [ E('span', { 'class': 'ikev2-hidden' }, [ _('Actions') ]) ]))) ]),
				body
			]) ]),
			E('div', { 'class': 'right' }, [ button(_('Join another router'), 'join'), ' ', button(_('Dial a provider'), 'dial') ])
		]);
		let drawn;

		this.draw = state => {
			const sas = state?.status?.sas ?? [];
			const rows = uci.sections('ikev2', 'connection').filter(isSite).map(connection =>
				[ connection, sas.find(sa => sa.connection === connection['.name'] && sa.since != null)?.id ]);
			const words = JSON.stringify(rows);

			if (drawn === words)
				return;

			drawn = words;
			dom.content(body, rows.length > 0 ? rows.map(row => this.row(...row)) : [
				E('tr', { 'class': 'tr placeholder' }, [ E('td', { 'class': 'td', 'colspan': 5 }, [ E('em', {}, [ _('None yet.') ]) ]) ])
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
		const cell = (title, text) => E('td', { 'class': 'td', 'data-title': title }, [ format.name(text) ]);

		return E('tr', { 'class': 'tr' }, [
			E('td', { 'class': 'td' }, [ E('strong', {}, [ format.name(name) ]) ]),
			E('td', { 'class': 'td', 'data-title': _('State') }, [ E('span', { 'class': 'ikev2-state', 'data-mood': isUp ? 'good' : '' }, [ isUp ? _('connected') : _('not connected') ]) ]),
			cell(_('Other side'), L.toArray(connection.remote).join(' ') || connection.remote_id || _('anybody')),
			cell(_('Behind it'), L.toArray(connection.remote_ts).join(' ') || _('everything')),
			E('td', { 'class': 'td ikev2-cell-actions' }, [
				isUp ? act(_('Hang up'), 'neutral', () => call('terminate', { connection: name }))
					: connection.role == 'initiator' ? act(_('Dial'), 'action', () => call('initiate', { connection: name })) : '', ' ',
				act(_('Remove'), 'negative', () => this.remove(name))
			])
		]);
	},

	change(configure) {
		return Promise.resolve(configure()).then(() => apply.apply(configs)).then(() => this.live?.ask() ?? this.draw(null));
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
		const sealed = field.check(provider.isSealed());
		const why = E('p', { 'class': 'ikev2-why', 'role': 'alert' });
		const act = close => {
			if (!/^[a-z]\w*$/i.test(name.value) || !server.value || !user.value || !password.value) {
				dom.content(why, [ _('A name of letters and digits, a server, a user and a password are needed.') ]);
				return Promise.resolve();
			}

			return this.change(() => {
				provider.write({ name: name.value, server: server.value.trim(), user: user.value.trim(), password: password.value });
				provider.seal(sealed.checked);
			}).then(close, failure => dom.content(why, [ failure.message ]));
		};

		dialog.show(_('Dial a provider'), close => [
			field.row(_('Name'), name), field.row(_('Server'), server), field.row(_('User'), user), field.row(_('Password'), password),
			field.row(_('Kill switch'), sealed, _('Without the tunnel the home network has no Internet, instead of one that everybody can read.')),
			E('p', {}, [ _('The certificate of the server must come from an authority in the configuration.') ]), why,
			E('div', { 'class': 'button-row right' }, [
				E('button', { 'class': 'btn cbi-button', 'click': close }, [ _('Cancel') ]), ' ',
				E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'click': ui.createHandlerFn(this, act, close) }, [ _('Dial') ])
			])
		]);
		return Promise.resolve();
	},

	remove(name) {
		dialog.confirm(_('Remove a connection'), [ E('p', {}, [ _('It ends at once:'), ' ', E('strong', {}, [ format.name(name) ]) ]) ], _('Remove'), () => this.change(() => {
			uci.remove('ikev2', name);

			for (const user of uci.sections('ikev2', 'user').filter(({ connection }) => connection === name))
				uci.remove('ikev2', user['.name']);

			if (provider.isSealed() && !uci.sections('ikev2', 'connection').some(({ role }) => role == 'initiator'))
				provider.seal(false);
		}));
		return Promise.resolve();
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
