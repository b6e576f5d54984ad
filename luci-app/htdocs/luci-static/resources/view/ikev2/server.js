'use strict';
'require view';
'require form';
'require ikev2.object as object';
'require ikev2.provider as provider';
'require ikev2.reach as reach';
'require ikev2.settings as settings';
'require ikev2.style as style';

/* What the gateway is called, which addresses it gives, and what devices may reach. */

const allowed = () => [
	[ 'home', _('The home network'), _('Everything in the zone lan: computers, printers, cameras.') ],
	[ 'internet', _('The Internet, through this router'), _('Without it, only what is allowed here goes into the tunnel, and devices keep their own way to everything else.') ],
	[ 'others', _('Each other'), _('One device another.') ],
	[ 'router', _('This router'), _('Its page, its name server.') ]
];

function isName(value) {
	return /^[a-z0-9]([a-z0-9.:@-]*[a-z0-9])?$/i.test(value) || _('A name of the Internet or an address, such as vpn.example.org');
}

/* LuCI's labels name no check box and no list, and the field for a new section has none. */
function nameFields(node) {
	for (const row of node.querySelectorAll('.cbi-value'))
		for (const input of row.querySelectorAll('input:not([type="hidden"])'))
			input.setAttribute('aria-label', row.querySelector('.cbi-value-title').textContent.trim());

	for (const input of node.querySelectorAll('.cbi-section-create-name'))
		input.setAttribute('aria-label', _('Name'));

	return node;
}

return view.extend({
	load() {
		style.link();
		return Promise.all([ reach.networks(), settings.load(), L.resolveDefault(object.call('config_check'), null) ]);
	},

	render([ networks, isOpen, checked ]) {
		if (!isOpen) {
			this.handleSaveApply = this.handleSave = this.handleReset = null;
			return settings.closed(_('Server'));
		}

		const map = new form.Map('ikev2', _('Server'), _('What devices dial, which addresses they get, and what they may reach.'));
		map.chain('firewall');
		this.general(map);
		this.addresses(map);
		this.reachable(map, networks);

		/* It draws itself again after Save, Reset and for a new section. */
		const draw = map.renderContents;
		map.renderContents = function(...args) {
			return draw.apply(this, args).then(nameFields);
		};

		return map.render().then(node => E('div', { 'class': 'ikev2-page' }, [
			...(checked?.problems ?? []).map(({ severity, section, option, why, cure }) =>
				E('div', { 'class': `alert-message ${severity == 'error' ? 'error' : 'warning'}` }, [ E('p', {}, [ `${section}${option ? `, ${option}` : ''}: ${why}. ${cure}` ]) ])),
			node
		]));
	},

	general(map) {
		const s = map.section(form.NamedSection, 'main', 'service', _('Gateway'));
		let o;
		s.addremove = false;
		s.tab('general', _('General'));
		s.tab('advanced', _('Advanced'));

		o = s.taboption('general', form.Flag, 'enabled', _('Switched on'));
		o.default = '1';
		o.rmempty = false;

		o = s.taboption('general', form.Value, 'identity', _('What devices dial'), _('The certificate of the gateway must carry this name: renew it after a change.'));
		o.placeholder = 'vpn.example.org';
		o.validate = (_section, value) => value === '' || isName(value);

		o = s.taboption('advanced', form.ListValue, 'log', _('Log'));
		o.value('error', _('faults only'));
		o.value('warn', _('troubles'));
		o.value('info', _('what happens'));
		o.value('debug', _('every message'));
		o.default = 'info';

		o = s.taboption('advanced', form.Value, 'port', _('Port of IKE'));
		o.datatype = 'port';
		o.placeholder = '500';

		o = s.taboption('advanced', form.Value, 'natt_port', _('Port for devices behind routers'), _('Phones know no other than 4500.'));
		o.datatype = 'port';
		o.placeholder = '4500';

		o = s.taboption('advanced', form.Value, 'mtu', _('Largest packet in the tunnel'), _('auto fits nearly everywhere, 1280 everywhere.'));
		o.datatype = 'or("auto",range(1280,9000))';
		o.placeholder = 'auto';

		o = s.taboption('advanced', form.Value, 'websocket', _('Live figures'), _('Not needed: they come through the web server of the router. An address with a port, such as 192.168.1.1:8500, lets this page hear them from the gateway itself.'));
		o.placeholder = 'none';
	},

	addresses(map) {
		const s = map.section(form.TypedSection, 'pool', _('Addresses for devices'));
		let o;
		s.anonymous = false;
		s.addremove = true;

		o = s.option(form.DynamicList, 'range', _('Ranges'), _('Such as 10.3.0.0/24: no other network at home or in hotels should have it.'));
		o.datatype = 'cidr';
		o.rmempty = false;

		o = s.option(form.DynamicList, 'dns', _('Name servers'), _('Empty: devices keep their own.'));
		o.datatype = 'ipaddr("nomask")';

		o = s.option(form.DynamicList, 'domain', _('Domains at home'), _('Only names in them are asked here; empty: all names.'));
		o.datatype = 'hostname';

		o = s.option(form.Flag, 'sticky', _('Same address again'));
		o.default = '1';
	},

	reachable(map, { lan }) {
		const s = map.section(form.NamedSection, 'main', 'service', _('What devices may reach'));
		const now = reach.get();
		s.addremove = false;

		for (const [ key, title, why ] of allowed()) {
			const o = s.option(form.Flag, `_${key}`, title, why);
			o.rmempty = false;
			o.cfgvalue = () => now[key] ? '1' : '0';
			o.write = o.remove = () => {};
		}

		/* All four at once: each alone would undo what another said. */
		const parse = s.parse;
		s.parse = function(...args) {
			return Promise.resolve(parse.apply(this, args)).then(done => {
				const wish = Object.fromEntries(allowed().map(([ key ]) => [ key, this.formvalue('main', `_${key}`) === '1' ]));

				if (Object.keys(wish).some(key => wish[key] !== now[key])) {
					reach.set(wish, lan);
					Object.assign(now, wish);
				}

				provider.hide();
				return done;
			});
		};
	}
});
