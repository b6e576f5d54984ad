'use strict';
'require view';
'require dom';
'require poll';
'require ui';
'require ikev2.capture as capture';
'require ikev2.dialog as dialog';
'require ikev2.format as format';
'require ikev2.log as log';
'require ikev2.object as object';
'require ikev2.report as report';
'require ikev2.sequence as sequence';
'require ikev2.style as style';

/* When somebody does not get in: who tried, why it failed, and what helps. */

const lights = () => ({
	fine: [ 'good', _('fine') ],
	doubtful: [ 'warn', _('doubtful') ],
	broken: [ 'bad', _('broken') ],
	unknown: [ '', _('cannot be told') ]
});

function checkItem({ name, state, says, cure }) {
	const [ mood, word ] = lights()[state] ?? lights().unknown;
	return E('li', { 'data-mood': mood }, [
		E('span', { 'class': 'ikev2-light', 'aria-hidden': 'true' }),
		E('span', {}, [ E('strong', {}, [ name ]), ` (${word}): `, says, cure ? E('small', { 'class': 'ikev2-fine' }, [ cure ]) : '' ])
	]);
}

function attemptItem(attempt) {
	const { at, sa, says, advice, evidence = [], codes = [], line, fields } = attempt;
	const from = fields.path?.remote?.ip ?? '';
	const drawing = E('div');
	const draw = () => object.call('events', { sa, limit: 1000 }).then(({ events }) => dom.content(drawing, [ sequence.draw(events, fields.peer ?? from) ]))
		.catch(failure => dialog.failed(failure));

	return E('li', { 'class': 'ikev2-attempt' }, [
		E('div', { 'class': 'ikev2-attempt-head' }, [
			E('strong', {}, [ format.name(fields.peer ?? _('somebody')) ]), ' ', E('span', {}, [ _('from %s').format(from) ]), ' ', E('small', {}, [ format.time(at) ])
		]),
		E('p', {}, [ says ?? fields.why ?? line ]),
		E('p', { 'class': 'ikev2-advice' }, [ advice ?? fields.advice ?? '' ]),
		codes.length > 0 ? E('p', {}, [ E('small', {}, [ _('On the device:'), ' ', codes.map(({ client, code }) => `${client}: ${code}`).join('; ') ]) ]) : '',
		E('details', { 'toggle': event => event.target.open && sa != null && draw() }, [
			E('summary', {}, [ _('What was seen') ]),
			evidence.length > 0 ? E('ul', {}, evidence.map(one => E('li', {}, [ one ]))) : '', drawing,
			E('p', {}, [ E('small', {}, [ line ]) ])
		])
	]);
}

return view.extend({
	load() {
		style.link();
		return object.call('attempts', { limit: 50 }).catch(failure => ({ failure, attempts: [] }));
	},

	render({ attempts, failure }) {
		const lines = log.make();
		const recorder = capture.make(!L.hasViewPermission());
		const list = E('ol', { 'class': 'ikev2-attempts' });
		const checks = E('ul', { 'class': 'ikev2-checks', 'aria-live': 'polite' });
		let drawn;

		const draw = found => {
			const words = found.map(({ id }) => id).join();

			if (drawn === words)
				return;

			drawn = words;
			dom.content(list, found.length > 0 ? [ ...found ].reverse().map(attempt => attemptItem(attempt))
				: [ E('li', {}, [ E('em', {}, [ _('Nobody failed since the gateway was started.') ]) ]) ]);
		};

		draw(attempts);
		lines.ask().catch(() => {});
		recorder.ask().catch(() => {});
		poll.add(() => Promise.all([
			lines.ask().catch(() => {}), object.call('attempts', { limit: 50 }).then(({ attempts: found }) => draw(found)).catch(() => {})
		]), 3);

		return E('div', { 'class': 'ikev2-page' }, [
			E('h2', {}, [ _('Diagnosis') ]),
			failure ? E('div', { 'class': 'alert-message warning' }, [ E('p', {}, [ failure.message ]) ]) : '',
			E('div', { 'class': 'cbi-section' }, [
				E('h3', {}, [ _('Self test') ]),
				E('p', {}, [ _('What can be told from inside about whether devices will get in.') ]), checks,
				E('button', { 'class': 'btn cbi-button cbi-button-action', 'click': ui.createHandlerFn(this, () => this.test(checks)) }, [ _('Test now') ]), ' ',
				E('button', { 'class': 'btn cbi-button', 'click': ui.createHandlerFn(this, 'report') }, [ _('Report for whoever helps') ])
			]),
			E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ _('Who did not get in') ]), list ]),
			E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ _('Capture') ]), recorder.node ]),
			E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ _('Log') ]), lines.node ])
		]);
	},

	test(place) {
		return object.call('selftest').then(({ checks }) => dom.content(place, checks.map(checkItem))).catch(failure => dialog.failed(failure));
	},

	report() {
		return report.make().then(text => {
			const area = E('textarea', { 'class': 'ikev2-report', 'readonly': '', 'rows': 20, 'aria-label': _('Report') }, [ text ]);
			dialog.show(_('Report for whoever helps'), close => [
				E('p', {}, [ _('Without secrets, and without names and addresses of the Internet. Read it before you send it.') ]), area,
				E('div', { 'class': 'button-row right' }, [
					E('button', { 'class': 'btn cbi-button', 'click': close }, [ _('Close') ]), ' ',
					E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'autofocus': '', 'click': () => {
						area.select();
						(navigator.clipboard?.writeText(text) ?? Promise.reject()).catch(() => document.execCommand('copy'));
					} }, [ _('Copy') ])
				])
			]);
		}).catch(failure => dialog.failed(failure));
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
