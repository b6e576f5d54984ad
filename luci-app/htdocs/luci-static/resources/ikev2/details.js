'use strict';
'require baseclass';
'require dom';
'require ikev2.format as format';
'require ikev2.object as object';
'require ikev2.sequence as sequence';

/* Everything about one IKE SA: where, with what, until when, its tunnels, and its handshake as it happened. */

function facts(pairs) {
	return E('dl', { 'class': 'ikev2-facts' }, pairs.filter(([ , value ]) => value != null && value !== '').map(([ title, value ]) =>
		E('div', {}, [ E('dt', {}, [ title ]), E('dd', {}, Array.isArray(value) ? value : [ value ]) ])));
}

const inAWhile = at => at == null ? null : _('in %s').format(format.duration(at - Date.now() / 1000));
const ago = at => at == null ? null : `${format.time(at)} (${format.duration(Date.now() / 1000 - at)})`;

/* What is in the keys of the handshake is in those of all its tunnels. */
const handshakeOf = sa => sa.postQuantum ? `${format.suite(sa.suite)} – ${_('post-quantum')}` : format.suite(sa.suite);

function ikeFacts(sa) {
	return facts([
		[ _('Connection'), [ format.name(sa.connection) ] ],
		[ _('State'), format.phase(sa.phase) ],
		[ _('Since'), ago(sa.since) ],
		[ _('New keys'), inAWhile(sa.rekey) ],
		[ _('Path'), [ E('code', {}, [ sa.local ]), ' ⇄ ', E('code', {}, [ sa.remote ]) ] ],
		[ _('On the way'), format.nat(sa.nat) ],
		[ _('Handshake'), [ handshakeOf(sa), E('code', { 'class': 'ikev2-fine' }, [ sa.suite ?? '' ]) ] ],
		[ _('Login'), sa.user == null ? null : [ format.name(sa.user) ] ],
		[ 'SPI', [ E('code', {}, [ `${sa.spiI} ${sa.spiR}` ]) ] ]
	]);
}

function childFacts(child) {
	const drops = Object.entries(child.drops ?? {}).filter(([ , count ]) => count > 0)
		.map(([ reason, count ]) => `${reason} ${count}`).join(', ');

	return facts([
		[ _('Our side'), child.local.join(' ') ],
		[ _('Their side'), child.remote.join(' ') ],
		[ _('Ciphers'), [ format.suite(child.suite), E('code', { 'class': 'ikev2-fine' }, [ child.suite ]) ] ],
		[ _('Travels'), child.encap == 'udp' ? _('as ESP in UDP') : _('as plain ESP') ],
		[ _('New keys'), inAWhile(child.rekey) ],
		[ _('Received'), _('%s in %d packets').format(format.bytes(child.rxBytes), child.rxPackets) ],
		[ _('Sent'), _('%s in %d packets').format(format.bytes(child.txBytes), child.txPackets) ],
		[ _('Dropped'), drops ],
		[ 'SPI', [ E('code', {}, [ `${child.spiIn} ${child.spiOut}` ]) ] ]
	]);
}

/* With the events of the SAs before it: new keys make a new SA, and the handshake was the first one's. */
async function eventsOf(id) {
	const { events } = await object.call('events', { sa: id, limit: 1000 });
	const old = events.find(({ kind }) => kind == 'sa.rekeyed')?.fields.old;

	if (old == null || old >= id)
		return events;

	return [ ...await eventsOf(old), ...events ];
}

return baseclass.extend({
	/**
	 * @param {object} sa as `status` has it
	 * @returns {{node: Node, update: (sa: object) => void}}
	 */
	make(sa) {
		const about = E('div', {}, [ ikeFacts(sa), ...this.tunnels(sa) ]);
		const handshake = E('div', { 'class': 'ikev2-handshake' }, [ E('p', { 'class': 'spinning' }, [ _('Loading…') ]) ]);
		let known = -1;

		const draw = () => eventsOf(sa.id).then(events => {
			const last = events[events.length - 1]?.id ?? 0;

			if (last === known)
				return;

			/* What somebody unfolded stays unfolded. */
			const isUnfolded = handshake.querySelector('details')?.open;
			known = last;
			dom.content(handshake, events.length > 0 ? sequence.draw(events, sa.peer)
				: E('p', {}, [ _('Nothing is remembered of this handshake any more.') ]));

			if (isUnfolded && handshake.querySelector('details'))
				handshake.querySelector('details').open = true;
		}).catch(() => {});

		draw();

		return {
			node: E('div', { 'class': 'ikev2-details' }, [
				about,
				E('div', {}, [ E('h4', {}, [ _('The handshake, as it happened') ]), handshake ])
			]),
			update: now => {
				sa = now;
				dom.content(about, [ ikeFacts(sa), ...this.tunnels(sa) ]);
				draw();
			}
		};
	},

	tunnels(sa) {
		return sa.children.flatMap((child, i) => [
			E('h4', {}, [ sa.children.length > 1 ? _('Tunnel %d').format(i + 1) : _('Tunnel') ]), childFacts(child)
		]);
	}
});
