'use strict';
'require baseclass';
'require dom';
'require ikev2.field as field';
'require ikev2.format as format';
'require ikev2.object as object';

/* The log as it is written, with what one looks for: only what is to be seen is drawn, however much there is. */

const most = 10000, shown = 300, atOnce = 1000;
const ranks = [ 'error', 'warn', 'info', 'debug' ];

return baseclass.extend({
	/** @returns {{node: Node, ask: () => Promise<void>}} */
	make() {
		let entries = [], isStopped = false, asked = null;
		const filter = field.text({ 'type': 'search', 'placeholder': _('anna, 198.51.100.7, IKE_AUTH …'), 'input': () => draw() });
		const level = field.select([ [ 'info', _('what happens') ], [ 'warn', _('troubles') ], [ 'debug', _('every message') ] ], 'info');
		const pause = E('button', { 'class': 'btn cbi-button', 'aria-pressed': 'false', 'click': () => {
			isStopped = !isStopped;
			pause.setAttribute('aria-pressed', `${isStopped}`);
			pause.textContent = isStopped ? _('Go on') : _('Pause');
		} }, [ _('Pause') ]);
		const list = E('ol', { 'class': 'ikev2-log', 'tabindex': '0', 'aria-label': _('Log') });
		const count = E('small', { 'role': 'status' });

		level.addEventListener('change', () => draw());

		function draw() {
			const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
			const rank = ranks.indexOf(level.value);
			const found = entries.filter(entry => ranks.indexOf(entry.level) <= rank && words.every(word => entry.line.toLowerCase().includes(word)));
			const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;

			count.textContent = _('%d of %d').format(Math.min(found.length, shown), entries.length);
			dom.content(list, found.slice(-shown).map(({ at, level: grade, line }) => E('li', { 'data-level': grade }, [
				E('time', {}, [ format.clock(at) ]), ' ', E('span', {}, [ line ])
			])));

			if (isAtEnd)
				list.scrollTop = list.scrollHeight;
		}

		return {
			node: E('div', {}, [
				E('div', { 'class': 'ikev2-filter' }, [
					E('label', {}, [ _('Look for'), ' ', filter ]), E('label', {}, [ _('Show'), ' ', level ]), pause, count
				]),
				list
			]),
			ask() {
				if (isStopped || asked)
					return asked ?? Promise.resolve();

				const since = entries[entries.length - 1]?.id ?? 0;
				asked = object.call('events', { since, limit: atOnce }).then(({ events }) => {
					/* After a restart they count from one again. */
					if (events.length > 0 && events[0].id <= since)
						entries = [];

					if (events.length == 0 && entries.length > 0)
						return;

					entries = [ ...entries, ...events ].slice(-most);
					draw();
					return events.length == atOnce;
				}).finally(() => { asked = null; }).then(isMore => isMore && this.ask());
				return asked;
			}
		};
	}
});
