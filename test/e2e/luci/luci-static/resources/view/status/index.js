'use strict';
'require view';
'require dom';
'require poll';
'require rpc';

/* LuCI's status page, as far as a card needs it: it loads and renders every card again and again. */

const list = rpc.declare({ object: 'file', method: 'list', params: ['path'], expect: { entries: [] } });

return view.extend({
	load: () =>
		list('/www/luci-static/resources/view/status/include').then((entries) =>
			Promise.all(entries.map(({ name }) => L.require(`view.status.include.${name.replace(/\.js$/, '')}`))),
		),
	render(cards) {
		const places = cards.map(() => E('div'));
		poll.add(async () => {
			const loaded = await Promise.all(cards.map((card) => card.load()));
			cards.forEach((card, i) => dom.content(places[i], card.render(loaded[i])));
		});
		return E('div', {}, cards.map(({ title }, i) => E('div', { class: 'cbi-section' }, [E('h3', {}, [title]), places[i]])));
	},
	handleSaveApply: null,
	handleSave: null,
	handleReset: null,
});
