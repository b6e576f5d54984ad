'use strict';
'require baseclass';
'require ikev2.format as format';
'require ikev2.graph as graph';

/* The state of the gateway at one glance. */

function tile(title) {
	const value = E('strong');
	const more = E('small');
	const node = E('div', { 'class': 'ikev2-tile' }, [ E('span', { 'class': 'ikev2-tile-title' }, [ title ]), value, more ]);

	return {
		node,
		/** @param {'good'|'warn'|'bad'|''} mood */
		say(text, detail, mood) {
			if (value.textContent !== text)
				value.textContent = text;

			if (more.textContent !== detail)
				more.textContent = detail;

			node.dataset.mood = mood ?? '';
		}
	};
}

/** @returns {[string, string, string]} of the certificate that runs out first */
function certificateWords(certificates) {
	const next = certificates.filter(({ kind }) => kind == 'certificate').sort((a, b) => a.notAfter - b.notAfter)[0];

	if (!next)
		return [ _('none'), _('devices log in with a shared secret only'), 'warn' ];

	const days = format.daysUntil(next.notAfter);

	if (days < 0)
		return [ _('expired'), _('devices refuse to connect'), 'bad' ];

	return [ _('%d days').format(days), _('until %s').format(format.day(next.notAfter)), days < 14 ? 'warn' : 'good' ];
}

return baseclass.extend({
	make() {
		const [ service, address, certificate, devices, traffic ] =
			[ _('Gateway'), _('Devices dial'), _('Certificate'), _('Connected'), _('Traffic') ].map(tile);
		const picture = graph.make({ width: 160, height: 44 });
		traffic.node.append(picture.node);

		return {
			node: E('div', { 'class': 'ikev2-tiles', 'role': 'group', 'aria-label': _('State of the gateway') },
				[ service, address, certificate, devices, traffic ].map(({ node }) => node)),
			update(live) {
				const { status, lost } = live;

				if (lost || !status) {
					service.say(lost?.isAbsent ? _('not running') : _('does not answer'), lost?.message ?? '', 'bad');
					return;
				}

				const { rx, tx, history } = live.traffic();
				const up = status.sas.filter(({ phase }) => phase == 'established' || phase == 'rekeying');
				const room = status.pools.reduce((sum, { size }) => sum + size, 0);
				service.say(_('running'), _('for %s').format(format.duration(status.uptime)), 'good');
				address.say(status.identity ?? '–', status.identity ? status.listen.join(', ') : _('give the gateway a name first'), status.identity ? '' : 'warn');
				certificate.say(...certificateWords(status.certificates));
				devices.say(`${up.length}`, status.pools.length == 0 ? '' : _('%d of %d addresses in use').format(status.pools.reduce((sum, { used }) => sum + used, 0), room));
				traffic.say(_('↑ %s').format(format.rate(rx)), _('↓ %s').format(format.rate(tx)));
				picture.draw(history);
			}
		};
	}
});
