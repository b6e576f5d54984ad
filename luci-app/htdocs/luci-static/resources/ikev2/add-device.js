'use strict';
'require baseclass';
'require dom';
'require ui';
'require ikev2.dialog as dialog';
'require ikev2.field as field';
'require ikev2.file as file';
'require ikev2.format as format';
'require ikev2.object as object';
'require ikev2.platform as platform';

/* «Add a device»: which system, whose, and then what to do on it. */

/* A name that nobody has yet: annas-iphone. */
function suggest(owner, system, taken) {
	const word = { ios: 'iphone', macos: 'mac', windows: 'windows', android: 'android', linux: 'linux', router: 'router' }[system] ?? 'device';
	const stem = [ owner.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''), word ].filter(Boolean).join('-');

	for (let n = 1; ; n++) {
		const name = (n == 1) ? stem : `${stem}-${n}`;

		if (!taken.includes(name))
			return name;
	}
}

/* The one-time link, where the gateway can make one: a code for the camera, and the words for a message. */
function linkOf(device, chosen, isPostQuantum) {
	return Promise.all([ object.call('link_create', { name: device, format: chosen, post_quantum: isPostQuantum }), L.require('uqr').catch(() => null) ])
		.then(([ { url, expires }, uqr ]) => {
			const code = uqr ? E(uqr.renderSVG(url, { pixelSize: 5, whiteColor: '#fff', blackColor: '#000', ecc: 'M' })) : '';
			code && code.setAttribute('role', 'img');
			code && code.setAttribute('aria-label', _('Code for the camera of the device'));
			return E('div', { 'class': 'ikev2-link' }, [
				code, E('p', {}, [ E('a', { 'href': url }, [ url ]) ]),
				E('p', {}, [ _('Works once, until %s.').format(format.time(expires)) ])
			]);
		}).catch(failure => E('p', { 'class': 'ikev2-link' }, [ E('small', {}, [ _('There is no one-time link: %s').format(failure.message) ]) ]));
}

function secretRow(title, secret) {
	return secret == null ? '' : E('div', { 'class': 'ikev2-secret' }, [
		E('span', {}, [ title ]), E('code', {}, [ secret ]),
		E('button', { 'class': 'btn cbi-button', 'click': () => navigator.clipboard?.writeText(secret) }, [ _('Copy') ])
	]);
}

return baseclass.extend({
	/**
	 * @param {object[]} devices that there are
	 * @param {object[]} users
	 * @param {() => void} done
	 */
	open(devices, users, done) {
		const taken = devices.map(({ name }) => name);
		let system = 'ios';
		let isOwnName = false;
		const name = field.text({ 'maxlength': 64, 'input': () => { isOwnName = (name.value != ''); } });
		const owner = field.text({ 'maxlength': 64, 'list': 'ikev2-owners', 'autofocus': '', 'placeholder': _('Anna'), 'input': () => propose() });
		const auth = field.select([ [ 'password', _('a password of its own') ], [ 'certificate', _('a certificate of its own') ] ], 'password');
		const routing = field.select([ [ 'all', _('everything') ], [ 'home', _('only what is at home') ] ], 'all');
		const onDemand = field.check(false);
		const postQuantum = field.check(false);
		const further = field.row(_('Post-quantum keys'), postQuantum, _('Recorded traffic stays closed to quantum computers: for iOS and macOS 26 or later.'));
		const isApple = () => system == 'ios' || system == 'macos';
		const expires = field.text({ 'type': 'date' });
		const why = E('p', { 'class': 'ikev2-why', 'role': 'alert' });
		const propose = () => { if (!isOwnName) name.value = suggest(owner.value, system, taken); };

		propose();

		const add = close => {
			const wanted = name.value.trim();

			if (wanted == '' || taken.includes(wanted)) {
				dom.content(why, [ wanted == '' ? _('Give it a name.') : _('There is a device of this name already.') ]);
				name.focus();
				return Promise.resolve();
			}

			/* Its password nobody is told: this person comes in by the devices. */
			const person = owner.value.trim();
			const isKnown = person == '' || users.some(user => user.name.toLowerCase() == person.toLowerCase());
			const known = isKnown ? Promise.resolve() : object.call('user_set', { name: person, is: 'new', generate: true }).then(({ user }) => users.push(user));

			return known.then(() => object.call('formats', { platform: system })).then(({ formats }) => {
				const chosen = formats.find(one => one.auth.includes(auth.value))?.format;
				return object.call('device_add', {
					name: wanted, owner: person || null, platform: system, auth: auth.value, format: chosen,
					routing: routing.value, on_demand: onDemand.checked, expires: expires.value || null,
					post_quantum: isApple() && postQuantum.checked
				}).then(added => {
					close();
					this.hand(added, chosen, isApple() && postQuantum.checked);
					done();
				});
			}).catch(failure => dom.content(why, [ failure.message ]));
		};

		dialog.show(_('Add a device'), close => [
			field.cards(_('Which system does it have?'), 'ikev2-platform',
				platform.all().map(({ id, title }) => ({ id, title, picture: platform.picture(id) })), system, id => { system = id; further.hidden = !isApple(); propose(); }),
			field.row(_('Whose is it?'), owner),
			E('datalist', { 'id': 'ikev2-owners' }, users.map(user => E('option', { 'value': user.name }))),
			field.row(_('Name of the device'), name, _('You will see it in the list, and revoke it by this name if it is lost.')),
			field.row(_('Sends through the tunnel'), routing),
			E('details', {}, [
				E('summary', {}, [ _('More choices') ]),
				field.row(_('Proves itself by'), auth),
				field.row(_('Connects by itself'), onDemand, _('Whenever it is not at home, where the system can do that.')),
				further,
				field.row(_('Until'), expires, _('The last day on which it may connect; empty: always.'))
			]),
			why,
			E('div', { 'class': 'button-row right' }, [
				E('button', { 'class': 'btn cbi-button', 'click': close }, [ _('Cancel') ]), ' ',
				E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'click': ui.createHandlerFn(this, add, close) }, [ _('Add') ])
			])
		]);
	},

	/** What the owner does next: told once, for secrets are not kept. */
	hand({ device, password, file: profile }, chosen, isPostQuantum) {
		const place = E('div');
		dialog.show(_('%s is ready').format(device.name), close => [
			profile ? E('div', {}, [
				E('button', { 'class': 'btn cbi-button cbi-button-action important', 'autofocus': '', 'click': () => file.download(profile) }, [
					_('Download %s').format(profile.filename)
				]), ' ',
				...profile.extras.map(extra => E('button', { 'class': 'btn cbi-button', 'click': () => file.download(extra) }, [ extra.filename ])),
				E('ol', { 'class': 'ikev2-todo' }, profile.steps.map(step => E('li', {}, [ step ]))),
				profile.secret == 'inside' ? E('p', { 'class': 'alert-message warning' }, [
					_('Whoever has this file gets in. Delete it once the device is set up.')
				]) : ''
			]) : '',
			place,
			secretRow(_('Password'), password ?? profile?.password), secretRow(_('Passphrase of the file'), profile?.passphrase),
			E('p', {}, [ _('This is shown once: nobody can look it up later, but a new one can always be made.') ]),
			E('div', { 'class': 'button-row right' }, [ E('button', { 'class': 'btn cbi-button', 'click': close }, [ _('Done') ]) ])
		]);

		if (chosen)
			linkOf(device.name, chosen, isPostQuantum).then(link => dom.content(place, [ link ]));
	}
});
