'use strict';
'require baseclass';

/* The systems that devices have, as pictures of what they are: no maker's mark. */

const outline = {
	phone: 'M8 2h8a1.5 1.5 0 0 1 1.5 1.5v17A1.5 1.5 0 0 1 16 22H8a1.5 1.5 0 0 1-1.5-1.5v-17A1.5 1.5 0 0 1 8 2zM10.5 19.2h3',
	notebook: 'M5.5 5h13A1.5 1.5 0 0 1 20 6.5V16H4V6.5A1.5 1.5 0 0 1 5.5 5zM2 19h20l-2-3H4z',
	screen: 'M4 4h16a1.5 1.5 0 0 1 1.5 1.5v10A1.5 1.5 0 0 1 20 17H4a1.5 1.5 0 0 1-1.5-1.5v-10A1.5 1.5 0 0 1 4 4zM9 21h6M12 17v4',
	terminal: 'M4 4h16a1.5 1.5 0 0 1 1.5 1.5v13A1.5 1.5 0 0 1 20 20H4a1.5 1.5 0 0 1-1.5-1.5v-13A1.5 1.5 0 0 1 4 4zM6.5 9l3 3-3 3M12.5 15h5',
	router: 'M4 13h16a1.5 1.5 0 0 1 1.5 1.5v4A1.5 1.5 0 0 1 20 20H4a1.5 1.5 0 0 1-1.5-1.5v-4A1.5 1.5 0 0 1 4 13zM6.5 16.5h.1M10 16.5h.1M17 13V8M13.8 6.8a4.5 4.5 0 0 1 6.4 0M15.4 8.6a2.2 2.2 0 0 1 3.2 0',
	globe: 'M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18zM3 12h18M12 3c3.300 3.500 3.300 14.500 0 18M12 3c-3.300 3.500-3.300 14.500 0 18',
	other: 'M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18zM9.5 9.5a2.5 2.5 0 1 1 3.700 2.2c-.8.5-1.2 1-1.2 2M12 16.8v.1'
};

const platforms = () => [
	{ id: 'ios', title: _('iPhone or iPad'), picture: 'phone' },
	{ id: 'macos', title: _('Mac'), picture: 'notebook' },
	{ id: 'windows', title: _('Windows'), picture: 'screen' },
	{ id: 'android', title: _('Android'), picture: 'phone' },
	{ id: 'linux', title: _('Linux'), picture: 'terminal' },
	{ id: 'router', title: _('Router'), picture: 'router' },
	{ id: 'other', title: _('Something else'), picture: 'other' }
];

/* What no device is. */
const provider = { id: 'provider', title: '', picture: 'globe' };

return baseclass.extend({
	all: platforms,

	titleOf(id) {
		return platforms().find(platform => platform.id == id)?.title ?? _('Unknown system');
	},

	picture(id) {
		const { picture, title } = [ ...platforms(), provider ].find(platform => platform.id == id) ?? { picture: 'other', title: '' };
		const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
		const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');

		svg.setAttribute('viewBox', '0 0 24 24');
		svg.setAttribute('class', 'ikev2-platform');
		svg.setAttribute('aria-hidden', 'true');
		path.setAttribute('d', outline[picture]);
		svg.append(path);
		return E('span', { 'class': 'ikev2-picture', 'title': title || null }, [ svg ]);
	}
});
