'use strict';
'require baseclass';

return baseclass.extend({
	async __init__() {
		const path = L.env.dispatchpath;
		const tree = await fetch(L.url('admin/menu')).then((response) => response.json());
		const siblings = path.slice(0, 3).reduce((node, name) => node?.children?.[name], tree)?.children ?? {};
		const tabs = Object.entries(siblings).sort(([, a], [, b]) => a.order - b.order);
		const place = document.getElementById('tabmenu');
		place.style.display = '';
		place.append(E('ul', { class: 'tabs' }, tabs.map(([name, { title }]) =>
			E('li', { class: name === path[3] ? 'active' : null }, [
				E('a', { href: L.url(...path.slice(0, 3), name) }, [_(title)]),
			]))));
	},
});
