'use strict';
'require baseclass';
'require rpc';

/*
 * Where events come from: the gateway's WebSocket, else uhttpd's server-sent events, else nowhere, and then whoever
 * listens has to ask from time to time. All three say the same.
 */

const patience = 4000;
let isUseless = false;

/* On the loopback of the router it can be reached by browsers of the router alone. */
function urlOf(websocket) {
	const place = /^(.*):(\d+)$/.exec(websocket ?? '');

	if (!place)
		return null;

	const isLoopback = host => /^(127\.|\[?::1|localhost)/.test(host);
	const { hostname, protocol } = window.location;

	if (isLoopback(place[1]) && !isLoopback(hostname))
		return null;

	return `${protocol == 'https:' ? 'wss' : 'ws'}://${hostname}:${place[2]}/ubus`;
}

function overWebSocket(websocket, heard, ended) {
	const url = urlOf(websocket);

	if (url == null || isUseless)
		return Promise.reject(new Error('no WebSocket'));

	return new Promise((resolve, reject) => {
		const socket = new WebSocket(url);
		let isOpen = false;
		const giveUp = window.setTimeout(() => socket.close(), patience);

		socket.onopen = () => socket.send(JSON.stringify({
			jsonrpc: '2.0', id: 1, method: 'subscribe', params: [ rpc.getSessionID(), 'ikev2' ]
		}));

		socket.onmessage = ({ data }) => {
			const message = JSON.parse(data);

			if (message.method == 'event')
				heard(message.params.event, message.params.data);
			else if (message.result?.[0] === 0) {
				isOpen = true;
				window.clearTimeout(giveUp);
				resolve({ way: 'websocket', close: () => { isOpen = false; socket.close(); } });
			}
			else
				socket.close();
		};

		socket.onclose = () => {
			window.clearTimeout(giveUp);

			if (isOpen)
				ended();
			else {
				/* A browser tells nobody why: an unknown certificate of wss is the usual reason, and it stays. */
				isUseless = (window.location.protocol == 'https:');
				reject(new Error('no WebSocket'));
			}
		};
	});
}

/* EventSource cannot show a session, so the stream is read by hand. */
async function overEvents(heard, ended) {
	const abort = new AbortController();
	const giveUp = window.setTimeout(() => abort.abort(), patience);
	const response = await fetch(`${L.env.ubuspath ?? '/ubus/'}`.replace(/\/*$/, '/subscribe/ikev2'), {
		headers: { 'Authorization': `Bearer ${rpc.getSessionID()}` },
		signal: abort.signal
	});

	window.clearTimeout(giveUp);

	if (!response.ok || !/^text\/event-stream/.test(response.headers.get('content-type') ?? ''))
		throw new Error('no events');

	let isOpen = true;
	readEvents(response.body.getReader(), heard).catch(() => {}).finally(() => {
		if (isOpen)
			ended();
	});

	return { way: 'events', close: () => { isOpen = false; abort.abort(); } };
}

async function readEvents(reader, heard) {
	const decoder = new TextDecoder();
	let text = '';

	for (;;) {
		const { done, value } = await reader.read();

		if (done)
			return;

		text += decoder.decode(value, { stream: true });
		const blocks = text.split('\n\n');
		text = blocks.pop();

		for (const block of blocks) {
			const event = /^event: (.+)$/m.exec(block);
			const data = /^data: (.+)$/m.exec(block);

			if (event && data)
				heard(event[1], JSON.parse(data[1]));
		}
	}
}

return baseclass.extend({
	/**
	 * Follows the events of the gateway.
	 * @param {string} [websocket] `address:port` as the status tells it
	 * @param {(event: string, data: object) => void} heard
	 * @param {() => void} ended the way that was found is gone
	 * @returns {Promise<{way: 'websocket'|'events', close: () => void} | null>} null: there is no way
	 */
	open(websocket, heard, ended) {
		return overWebSocket(websocket, heard, ended)
			.catch(() => overEvents(heard, ended))
			.catch(() => null);
	}
});
