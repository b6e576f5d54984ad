'use strict';
'require baseclass';

/* The style sheet of our pages, once in a document. */

return baseclass.extend({
	link() {
		if (!document.getElementById('ikev2-style'))
			document.head.appendChild(E('link', {
				'id': 'ikev2-style',
				'rel': 'stylesheet',
				'href': L.resource('ikev2/ikev2.css') + (L.env.resource_version ? `?v=${L.env.resource_version}` : '')
			}));
	}
});
