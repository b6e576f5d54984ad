'use strict';
'require baseclass';
'require uci';

/* The settings of the gateway hold secrets: who may only look is not shown them, and rpcd does not hand them out either. */

const configs = [ 'ikev2', 'firewall' ];

return baseclass.extend({
	configs,

	/** @returns {Promise<boolean>} whether they can be shown */
	load: () => L.hasViewPermission() ? uci.load(configs).then(() => true) : Promise.resolve(false),

	/** What a page says in their place. */
	closed: title => E('div', { 'class': 'ikev2-page' }, [
		E('h2', {}, [ title ]),
		E('p', {}, [ _('These settings hold secrets: only a login that may change them sees them.') ])
	])
});
