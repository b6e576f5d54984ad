'use strict';
'require baseclass';
'require dom';
'require ui';
'require ikev2.dialog as dialog';
'require ikev2.field as field';
'require ikev2.file as file';
'require ikev2.format as format';
'require ikev2.object as object';

/* A recording of what one peer sends and gets, for Wireshark: begun, watched and fetched here. */

const again = 1000;

/* Pieces are of a length that base64 needs no filling for, but for the last. */
function fetchWhole(id, name, offset = 0, before = '') {
	return object.call('capture_fetch', { id, file: name, offset }).then(({ content, next }) =>
		next == null ? before + content : fetchWhole(id, name, next, before + content));
}

function fileName({ peer, id }, name) {
	return name.endsWith('.pcapng') ? `capture-${peer.replace(/[^\w.@-]/g, '_')}-${id}.pcapng` : name;
}

async function fetchAll(capture) {
	for (const { name } of capture.files)
		file.download({ filename: fileName(capture, name), encoding: 'base64', content: await fetchWhole(capture.id, name) });

	await object.call('capture_delete', { id: capture.id });
}

function figures({ packets, bytes, missed }) {
	const lost = missed > 0 ? [ ' ', _('%d ESP packets had no room.').format(missed) ] : [];
	return [ _('%d packets, %s.').format(packets, format.bytes(bytes)), ...lost ];
}

function words({ state, why, fault }) {
	if (state == 'failed')
		return fault;

	return { time: _('Its time is over.'), stopped: _('It was stopped.'), full: _('It was full.') }[why] ?? '';
}

return baseclass.extend({
	/** @returns {{node: Node, ask: () => Promise<void>}} */
	make(isReadOnly) {
		const names = E('datalist', { 'id': 'ikev2-capture-peers' });
		const peer = field.text({ 'list': 'ikev2-capture-peers', 'placeholder': _('anna-iphone') });
		const seconds = field.select([ [ '30', _('30 seconds') ], [ '60', _('a minute') ], [ '300', _('five minutes') ] ], '60');
		const keys = field.check(false);
		const start = E('button', { 'class': 'btn cbi-button cbi-button-action', 'disabled': isReadOnly || null, 'click': ui.createHandlerFn(this, () => begin()) }, [ _('Record') ]);
		const place = E('div', { 'aria-live': 'polite' });
		let drawn, timer;

		/* What is not encrypted on its way to the browser may be read there. */
		keys.disabled = !window.isSecureContext || isReadOnly;

		function begin() {
			const request = { peer: peer.value.trim(), seconds: Number(seconds.value), keys: keys.checked };
			const go = () => object.call('capture_start', request).then(() => ask());

			if (request.peer == '')
				return peer.focus();

			if (!request.keys)
				return go().catch(failure => dialog.failed(failure));

			dialog.confirm(_('Record with keys?'), [
				E('p', {}, [ _('Whoever has the files can read all that %s says meanwhile: passwords, pages, messages.').format(request.peer) ]),
				E('p', {}, [ _('Its tunnels get new keys now and at the end, so the files open nothing of before and nothing of after. Give them to nobody whom you would not let listen, and delete them afterwards.') ])
			], _('Record with keys'), go);
		}

		function running(capture) {
			const whole = Math.max(1, capture.until - capture.since);
			const past = Math.min(whole, Math.max(0, Date.now() / 1000 - capture.since));

			return E('div', { 'class': 'ikev2-capture' }, [
				E('p', {}, [ _('Recording %s:').format(capture.peer), ' ', ...figures(capture) ]),
				E('progress', { 'max': `${whole}`, 'value': `${past}`, 'aria-label': _('How much of the time is over') }), ' ',
				E('button', { 'class': 'btn cbi-button', 'disabled': isReadOnly || null, 'click': ui.createHandlerFn(this, () =>
					object.call('capture_stop').then(() => ask()).catch(failure => dialog.failed(failure))) }, [ _('Stop') ])
			]);
		}

		function finished(capture) {
			const act = (verb, mood, run) => E('button', { 'class': `btn cbi-button ${mood}`, 'disabled': isReadOnly || null, 'click': ui.createHandlerFn(this, () =>
				run().then(() => ask()).catch(failure => dialog.failed(failure))) }, [ verb ]);

			return E('div', { 'class': 'ikev2-capture', 'data-mood': capture.state == 'failed' ? 'bad' : null }, [
				E('p', {}, [ E('strong', {}, [ format.name(capture.peer) ]), ': ', ...figures(capture), ' ', words(capture) ]),
				capture.keys ? E('p', {}, [ E('small', {}, [ _('With keys: put ikev2_decryption_table and esp_sa into Wireshark’s configuration folder.') ]) ]) : '',
				E('p', {}, [
					capture.files.length > 0 ? act(_('Download'), 'cbi-button-positive', () => fetchAll(capture)) : '', ' ',
					act(_('Remove'), 'cbi-button-negative', () => object.call('capture_delete', { id: capture.id }))
				])
			]);
		}

		function draw(captures) {
			const text = JSON.stringify(captures);
			const isRunning = captures.some(({ state }) => state == 'running');

			start.disabled = isReadOnly || isRunning;

			/* While it runs, its bar moves even where nothing comes. */
			if (drawn === text && !isRunning)
				return;

			drawn = text;
			dom.content(place, [ ...captures ].reverse().map(capture => capture.state == 'running' ? running(capture) : finished(capture)));
		}

		function ask() {
			window.clearTimeout(timer);

			return object.call('captures').then(({ captures = [] }) => {
				draw(captures);

				if (captures.some(({ state }) => state == 'running'))
					timer = window.setTimeout(() => place.isConnected && ask().catch(() => {}), again);
			});
		}

		/* Who is there, to choose from. */
		function offer() {
			return object.call('status').then(({ sas = [] }) => {
				const found = new Set(sas.flatMap(({ peer: name, user, remote }) => [ user, name, remote?.replace(/:\d+$/, '').replace(/[[\]]/g, '') ]).filter(Boolean));
				dom.content(names, [ ...found ].map(value => E('option', { 'value': value })));
			});
		}

		peer.addEventListener('focus', () => offer().catch(() => {}));

		return {
			ask,
			node: E('div', {}, [
				E('p', {}, [ _('IKE and ESP packets of one device or address, for Wireshark. It is followed to other addresses and other keys.') ]), names,
				field.row(_('Whom'), peer, _('A device, a user, an identity, or an address. Of somebody who does not get in, the address.')),
				field.row(_('How long'), seconds),
				field.row(_('With keys'), keys, window.isSecureContext ? _('Then the packets can be read; without, one sees who speaks when, and how much.') : _('Open this page by https to have keys sent to it.')),
				E('div', { 'class': 'cbi-value' }, [ E('div', { 'class': 'cbi-value-field' }, [ start ]) ]), place
			])
		};
	}
});
