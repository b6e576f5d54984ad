'use strict';
'require baseclass';

let id = 1;
const statuses = ['Command OK', 'Invalid command', 'Invalid argument', 'Method not found', 'Resource not found'];

async function send(message) {
	const response = await fetch(L.env.ubuspath, { method: 'POST', body: JSON.stringify(message) });
	if (!response.ok) throw new Error(`HTTP error ${response.status}`);
	return response.json();
}

async function expire() {
	const params = [L.env.sessionid, 'session', 'access', {}];
	const { error } = await send({ jsonrpc: '2.0', id: id++, method: 'call', params });
	if (!error) return;
	L.ui.showModal('Session expired', [E('p', {}, ['A new login is required.'])]);
	throw Object.assign(new Error('Login session is expired'), { name: 'SessionError' });
}

return baseclass.extend({
	declare({ object, method, params = [], expect, reject }) {
		return async (...values) => {
			const given = Object.fromEntries(params.map((name, i) => [name, values[i]]));
			const { error, result } = await send({
				jsonrpc: '2.0', id: id++, method: 'call', params: [L.env.sessionid, object, method, given],
			});
			if (error) {
				if (error.code === -32002) await expire();
				throw new Error(`RPC call to ${object}/${method} failed with error ${error.code}: ${error.message}`);
			}
			const [status, data = status] = result;
			if (reject && status !== 0) throw new Error(`RPC call to ${object}/${method} failed with ubus code ${status}: ${statuses[status]}`);
			const [[key, fallback] = []] = Object.entries(expect ?? {});
			if (key === undefined) return data;
			const found = key === '' ? data : data?.[key];
			return Object.prototype.toString.call(found) === Object.prototype.toString.call(fallback) ? found : fallback;
		};
	},
	getSessionID: () => L.env.sessionid,
	getStatusText: (status) => statuses[status] ?? 'Unspecified error',
});
