'use strict';
'require baseclass';
'require ikev2.details as details';
'require ikev2.format as format';
'require ikev2.graph as graph';
'require ikev2.platform as platform';

/* The table of who is connected. A row is made once and then only corrected where something changed: nothing flickers,
 * and what somebody is pointing at stays where it is. */

const order = {
	name: (a, b) => L.naturalCompare(a.name, b.name),
	from: (a, b) => L.naturalCompare(a.sa.remote, b.sa.remote),
	since: (a, b) => (b.sa.since ?? Infinity) - (a.sa.since ?? Infinity),
	traffic: (a, b) => (b.sa.rxBytes + b.sa.txBytes) - (a.sa.rxBytes + a.sa.txBytes),
	idle: (a, b) => a.idle - b.idle
};

/* Sets a text where it is another than before. */
function put(node, text) {
	if (node.firstChild?.data !== text)
		node.textContent = text;
}

function cell(title, kind, children) {
	return E('td', { 'class': `td ikev2-cell-${kind}`, 'data-title': title }, children);
}

class Row {
	constructor(sa, { disconnect, isReadOnly }) {
		const text = () => E('span');
		this.sa = sa;
		this.texts = { name: E('bdi'), person: E('bdi'), from: text(), since: text(), address: text(), rx: text(), tx: text(),
			idle: text(), suite: text(), all: text() };
		this.graph = graph.make({ width: 120, height: 32 });
		this.picture = E('span');
		this.toggle = E('button', {
			'class': 'btn cbi-button', 'aria-expanded': 'false', 'click': () => this.unfold(this.details == null)
		}, [ _('Details') ]);
		const { texts } = this;
		this.node = E('tr', { 'class': 'tr ikev2-row' }, [
			cell(_('Device'), 'name', [ E('div', { 'class': 'ikev2-who' }, [ this.picture, E('span', {}, [
				E('strong', {}, [ texts.name ]), E('small', {}, [ texts.person ])
			]) ]) ]),
			cell(_('From'), 'from', [ texts.from, E('small', {}, [ texts.suite ]) ]),
			cell(_('Since'), 'since', [ texts.since, E('small', {}, [ texts.address ]) ]),
			cell(_('Traffic'), 'traffic', [ this.graph.node, E('span', {}, [
				E('span', { 'class': 'ikev2-rate', 'title': _('from the device') }, [ '↑ ', texts.rx ]), E('span', { 'class': 'ikev2-rate', 'title': _('to the device') }, [ '↓ ', texts.tx ])
			]), E('small', {}, [ texts.all ]) ]),
			cell(_('Last activity'), 'idle', [ texts.idle ]),
			cell('', 'actions', [ this.toggle, ' ', E('button', {
				'class': 'btn cbi-button cbi-button-negative', 'disabled': isReadOnly || null,
				'click': () => disconnect(this)
			}, [ _('Disconnect') ]) ])
		]);
		this.unfolded = E('tr', { 'class': 'tr ikev2-unfolded', 'hidden': '' }, [ E('td', { 'class': 'td', 'colspan': 6 }) ]);
	}

	update(sa, live, device) {
		const { texts } = this;
		const traffic = live.traffic(sa.id);
		const isSame = this.sa === sa;
		this.sa = sa;
		this.live = live;
		this.idle = live.idle(sa);
		this.name = device?.name ?? sa.user ?? sa.peer ?? _('somebody');
		put(texts.name, this.name);
		put(texts.person, device?.owner ?? (sa.connection ? sa.connection : format.phase(sa.phase)));
		put(texts.from, format.host(sa.remote));
		put(texts.since, sa.since ? format.duration(Date.now() / 1000 - sa.since) : format.phase(sa.phase));
		put(texts.address, sa.addresses.join(' '));
		put(texts.rx, format.rate(traffic.rx));
		put(texts.tx, format.rate(traffic.tx));
		put(texts.all, _('%s sent, %s received').format(format.bytes(sa.rxBytes), format.bytes(sa.txBytes)));
		put(texts.idle, this.idle === Infinity ? '–' : this.idle < 5 ? _('now') : _('%s ago').format(format.duration(this.idle)));
		put(texts.suite, format.suite(sa.suite));
		this.graph.draw(traffic.history);

		const system = device?.platform ?? (sa.role == 'initiator' ? 'router' : 'other');

		if (this.platform !== system)
			this.picture.replaceChildren(platform.picture(this.platform = system));

		if (!isSame)
			this.details?.update(sa);
	}

	unfold(isOpen) {
		this.details = isOpen ? details.make(this.sa) : null;
		this.live.isWatched ||= isOpen;

		if (isOpen)
			this.live.ask();

		this.unfolded.hidden = !isOpen;
		this.unfolded.firstChild.replaceChildren(...(isOpen ? [ this.details.node ] : []));
		this.node.classList.toggle('ikev2-open', isOpen);
		this.toggle.setAttribute('aria-expanded', `${isOpen}`);
		this.toggle.textContent = isOpen ? _('Hide') : _('Details');
	}
}

function isOf(device, { user, certificate }) {
	return (user != null && device.name === user) || (certificate != null && device.certificate === certificate);
}

return baseclass.extend({
	/**
	 * @param {(row: {sa: object, name: string}) => void} disconnect
	 * @returns {{node: Node, update: (live: object, devices: object[]) => void}}
	 */
	make(options) {
		const rows = new Map();
		const placeholder = E('tr', { 'class': 'tr placeholder' }, [ E('td', { 'class': 'td', 'colspan': 6 }, [
			E('em', {}, [ _('No device is connected at this moment.') ])
		]) ]);
		const body = E('tbody');
		let sorted = { by: 'name', sign: 1 };

		const title = (key, text) => E('th', { 'class': 'th', 'data-sort': key, 'scope': 'col' }, [
			E('button', { 'class': 'ikev2-sort', 'click': () => sortBy(key) }, [ text ])
		]);
		const head = E('tr', { 'class': 'tr table-titles' }, [
			title('name', _('Device')), title('from', _('From')), title('since', _('Since')), title('traffic', _('Traffic')),
			title('idle', _('Last activity')), E('th', { 'class': 'th', 'scope': 'col' }, [
				E('span', { 'class': 'ikev2-hidden' }, [ _('Actions') ])
			])
		]);

		function arrange() {
			const wanted = [ ...rows.values() ].sort((a, b) => sorted.sign * (order[sorted.by](a, b) || a.sa.id - b.sa.id))
				.flatMap(row => [ row.node, row.unfolded ]);
			placeholder.hidden = (wanted.length > 0);

			/* Only what stands elsewhere is moved. */
			wanted.forEach((node, i) => {
				if (body.children[i] !== node)
					body.insertBefore(node, body.children[i] ?? null);
			});

			while (body.children.length > wanted.length)
				body.lastChild.remove();
		}

		function sortBy(key) {
			sorted = { by: key, sign: (sorted.by == key) ? -sorted.sign : 1 };

			for (const th of head.children)
				th.setAttribute('aria-sort', th.dataset.sort != key ? 'none' : (sorted.sign > 0) ? 'ascending' : 'descending');

			arrange();
		}

		sortBy('since');

		return {
			node: E('table', { 'class': 'table ikev2-connections' }, [
				E('caption', { 'class': 'ikev2-hidden' }, [ _('Connected devices') ]), E('thead', {}, [ head ]),
				E('tbody', {}, [ placeholder ]), body
			]),
			update(live, devices) {
				const { sas } = live.status;
				live.isWatched = [ ...rows.values() ].some(row => row.details != null);
				const there = new Set(sas.map(({ id }) => id));

				for (const [ id, row ] of rows) {
					if (there.has(id))
						continue;

					/* With new keys it is another IKE SA of the same device: it keeps its row. */
					const heir = sas.find(sa => !rows.has(sa.id) && sa.peer === row.sa.peer && sa.remote === row.sa.remote);
					rows.delete(id);

					if (heir)
						rows.set(heir.id, row);
				}

				for (const sa of sas) {
					if (!rows.has(sa.id))
						rows.set(sa.id, new Row(sa, options));

					rows.get(sa.id).update(sa, live, devices.find(device => isOf(device, sa)));
				}

				arrange();
			}
		};
	}
});
