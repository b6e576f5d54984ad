'use strict';
'require baseclass';
'require ikev2.object as object';

/* What one sends to whoever helps: everything that matters, and nothing that lets anybody in or says where anybody is. */

/* Addresses of the Internet become the same stand-in everywhere; those at home tell nobody anything. */
function hide(text) {
	const seen = new Map();
	const isHome = ip => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|127\.|0\.|f[cd]|fe80|::)/i.test(ip);
	const stand = (kind, value) => {
		const key = value.toLowerCase();

		if (!seen.has(key))
			seen.set(key, `${kind}-${seen.size + 1}`);

		return seen.get(key);
	};

	return text
		.replace(/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, name => stand('name', name))
		.replace(/\b\d{1,3}(\.\d{1,3}){3}\b/g, ip => isHome(ip) ? ip : stand('address', ip))
		.replace(/\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f:]{0,4}\b|\b(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}:?){0,6}/gi, ip => isHome(ip) ? ip : stand('address', ip))
		.replace(/\b[0-9a-f]{16,}\b/gi, '…');
}

return baseclass.extend({
	/** @returns {Promise<string>} */
	make() {
		const ask = (method, params) => L.resolveDefault(object.inEnglish(method, params), {});

		return Promise.all([
			ask('status'), ask('capabilities'), ask('config_check'), ask('counters'), ask('selftest'), ask('attempts', { limit: 20 }), ask('events', { limit: 300 })
		]).then(([ status, capabilities, checked, counters, selftest, attempts, events ]) => {
			const stamp = at => new Date(at * 1000).toISOString();
			const known = [ status.identity, ...(status.sas ?? []).flatMap(({ peer, user }) => [ peer, user ]) ].filter(name => name?.length > 2);
			const text = [
				`ikev2-ts ${status.version ?? '?'}, up ${status.uptime ?? '?'} s, ESP by ${status.aead ?? '?'}, processor: ${(capabilities.cpu ?? []).join(' ')}`,
				`listening on ${(status.listen ?? []).join(' ')}, ${(status.sas ?? []).length} IKE SAs, ${(status.connections ?? []).length} connections`,
				'', 'Configuration:', checked.summary ?? '?',
				...(checked.problems ?? []).map(({ severity, section, option, why }) => `  ${severity}: ${section} ${option ?? ''}: ${why}`),
				'', 'Self test:', ...(selftest.checks ?? []).map(({ name, state, says }) => `  ${state}: ${name}: ${says}`),
				'', 'Troubles:', ...(counters.troubles ?? []).map(({ count, what }) => `  ${count} × ${what}`),
				'', 'Failed attempts:', ...(attempts.attempts ?? []).map(({ at, says, line }) => `  ${stamp(at)} ${says ?? line}`),
				'', 'Log:', ...(events.events ?? []).map(({ at, level, line }) => `  ${stamp(at)} ${level} ${line}`)
			].join('\n');
			return hide(known.reduce((told, name, i) => told.replaceAll(name, `peer-${i + 1}`), text));
		});
	},

	hide
});
