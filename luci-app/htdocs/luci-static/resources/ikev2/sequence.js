'use strict';
'require baseclass';
'require ikev2.format as format';
'require ikev2.words as words';

/* An exchange drawn from what the gateway recorded of it: who said what when, in how many pieces, and what had to be
 * said again. A list for who listens, two lifelines and arrows for who looks. */

/* What the names of payloads stand for (RFC 7296 §1.2); who knows them reads the names themselves. */
const payloadWords = () => ({
	'SA': _('ciphers on offer'),
	'KE': _('public key of the key exchange'),
	'No': _('random number'),
	'IDi': _('who the caller is'),
	'IDr': _('who is called'),
	'CERT': _('certificate'),
	'CERTREQ': _('authorities that are trusted'),
	'AUTH': _('proof of identity'),
	'EAP': _('login'),
	'CPRQ': _('wants an address'),
	'CPRP': _('gives an address'),
	'TSi': _('addresses of the caller’s side'),
	'TSr': _('addresses of the called side'),
	'D': _('ends'),
	'V': _('which software it is')
});

const notifyWords = () => ({
	'COOKIE': _('come again with this, so that your address is proven'),
	'INVALID_KE_PAYLOAD': _('another key exchange, please'),
	'NO_PROPOSAL_CHOSEN': _('no common ciphers'),
	'AUTHENTICATION_FAILED': _('the proof of identity is not accepted'),
	'TS_UNACCEPTABLE': _('no common addresses'),
	'INTERNAL_ADDRESS_FAILURE': _('no address is free'),
	'REKEY_SA': _('new keys for the tunnel'),
	'UPDATE_SA_ADDRESSES': _('I am somewhere else now'),
	'INITIAL_CONTACT': _('I remember no older connection')
});

/* What a message amounts to, in words. */
function gist({ exchange, isRequest, payloads }) {
	const has = name => payloads.includes(name);
	const notifies = payloads.flatMap(name => /^N\((.+)\)$/.exec(name)?.[1] ?? []);
	const told = notifies.find(name => name in notifyWords());

	if (told && (!isRequest || [ 'REKEY_SA', 'UPDATE_SA_ADDRESSES' ].includes(told)))
		return notifyWords()[told];

	switch (exchange) {
	case 'IKE_SA_INIT':
		return isRequest ? _('hello: ciphers and a key') : _('chosen ciphers and my key');
	case 'IKE_INTERMEDIATE':
		return _('one more key exchange');
	case 'IKE_AUTH':
		if (has('EAP') && !has('AUTH'))
			return isRequest ? _('login, continued') : _('go on with the login');
		if (has('EAP'))
			return _('my proof, now log in');
		if (has('AUTH'))
			return has('TSi') ? (isRequest ? _('my proof; a tunnel, please') : _('my proof; the tunnel is up')) : _('proof of identity');
		return isRequest ? (has('IDi') ? _('who I am; a tunnel, please') : _('login, continued')) : _('answer');
	case 'CREATE_CHILD_SA':
		return has('TSi') ? (isRequest ? _('another tunnel') : _('the tunnel is up'))
			: (isRequest ? _('new keys for the connection') : _('new keys are in use'));
	case 'INFORMATIONAL':
		if (has('D'))
			return isRequest ? _('hangs up') : _('has ended');
		return isRequest ? _('are you there?') : _('I am here');
	}

	return exchange;
}

function chip(name) {
	const notify = /^N\((.+)\)$/.exec(name)?.[1];
	const words = notify ? notifyWords()[notify] : payloadWords()[name];
	return E('span', { 'class': notify ? 'ikev2-chip ikev2-notify' : 'ikev2-chip', 'title': words ?? name }, [ notify ?? name ]);
}

/* One arrow, and what is written at it. */
function step({ at, direction, label, detail, marks, kind }, startedAt) {
	const after = Math.max(0, at - startedAt);
	const who = (direction == 'in') ? _('device') : _('router');

	return E('li', { 'class': `ikev2-step ikev2-${direction} ${kind ?? ''}` }, [
		E('span', { 'class': 'ikev2-at', 'title': format.time(at) }, [
			after < 60 ? `+${after.toFixed(3)} s` : format.clock(at)
		]),
		E('span', { 'class': 'ikev2-message' }, [
			E('span', { 'class': 'ikev2-hidden' }, [ who + ': ' ]),
			E('span', { 'class': 'ikev2-label' }, [ label ]),
			...(marks ?? []).map(mark => E('span', { 'class': 'ikev2-mark' }, [ mark ])),
			E('span', { 'class': 'ikev2-arrow', 'aria-hidden': 'true' }),
			...(detail ? [ E('span', { 'class': 'ikev2-detail' }, detail) ] : [])
		])
	]);
}

function stepOf({ at, kind, fields }) {
	switch (kind) {
	case 'message': {
		const { message, bytes, direction } = fields;
		const pieces = message.fragments > 1 ? [ _('in %d pieces').format(message.fragments) ] : [];
		return {
			at, direction,
			label: gist(message),
			marks: pieces,
			kind: message.fragments > 1 ? 'ikev2-pieces' : '',
			detail: [
				E('code', {}, [ `${message.exchange} ${message.messageId}` ]), ' ',
				...message.payloads.map(chip), ' ',
				E('span', { 'class': 'ikev2-size' }, [ format.bytes(bytes) ])
			]
		};
	}
	case 'retransmit':
		return {
			at, direction: 'out', kind: 'ikev2-again',
			label: _('no answer: said again'), marks: [ _('attempt %d').format(fields.attempt + 1) ]
		};
	case 'repeated':
		return { at, direction: 'out', kind: 'ikev2-again', label: _('asked again: same answer again') };
	}
}

function noteOf({ at, kind, fields, line }) {
	const texts = {
		'sa.established': () => _('Connected'),
		'child.established': () => _('Tunnel up'),
		'child.closed': () => _('Tunnel down'),
		'sa.rekeyed': () => _('New keys'),
		'sa.moved': () => _('Moved to another address'),
		'sa.closed': () => _('Ended: %s').format(words.now(fields.why || fields.cause)),
		'attempt.failed': () => _('Failed: %s').format(words.now(fields.why)),
		'dropped': () => _('Ignored: %s').format(words.now(fields.why)),
		'note': () => line.replace(/^sa \d+: /, '')
	};
	const isBad = [ 'attempt.failed', 'dropped' ].includes(kind) || (kind == 'sa.closed' && fields.cause != 'deleted-by-peer');
	return E('li', { 'class': `ikev2-note ${isBad ? 'ikev2-bad' : kind == 'sa.established' ? 'ikev2-good' : ''}` }, [
		E('span', {}, [ texts[kind]?.() ?? line ])
	]);
}

return baseclass.extend({
	/**
	 * @param {object[]} events of one IKE SA as `events` returns them, oldest first
	 * @param {string} peer what the other side is called
	 */
	draw(events, peer) {
		const startedAt = events[0]?.at ?? 0;
		const end = events.findIndex(({ kind }) => kind == 'sa.established');
		/* What belongs to the handshake; the tunnel of IKE_AUTH comes right after. */
		let count = (end < 0) ? events.length : end + 1;

		while (count < events.length && (events[count].kind == 'child.established' || events[count].at - events[count - 1].at < 0.2))
			count++;

		const items = events.map(event => {
			const drawn = stepOf(event);
			return drawn ? step(drawn, startedAt) : noteOf(event);
		});
		const list = steps => E('ol', { 'class': 'ikev2-steps' }, steps);
		const later = items.slice(count);

		return E('div', { 'class': 'ikev2-sequence' }, [
			E('div', { 'class': 'ikev2-lifelines', 'aria-hidden': 'true' }, [
				E('span', {}, [ format.name(peer || _('device')) ]), E('span', {}, [ _('this router') ])
			]),
			list(items.slice(0, count)),
			later.length == 0 ? '' : E('details', {}, [
				E('summary', {}, [ _('What was said since (%d)').format(later.length) ]), list(later.slice(-120))
			])
		]);
	}
});
