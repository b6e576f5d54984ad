'use strict';
'require baseclass';

/* Fields of our dialogs, shaped as LuCI's forms are, each with its label and its reason. */

let count = 0;

return baseclass.extend({
	/**
	 * @param {string} title
	 * @param {Node} input
	 * @param {string} [why]
	 */
	row(title, input, why) {
		const id = `ikev2-field-${count++}`;
		const target = input.matches('input, select, textarea') ? input : input.querySelector('input, select, textarea');
		target?.setAttribute('id', id);

		if (why)
			target?.setAttribute('aria-describedby', `${id}-why`);

		return E('div', { 'class': 'cbi-value' }, [
			E('label', { 'class': 'cbi-value-title', 'for': id }, [ title ]),
			E('div', { 'class': 'cbi-value-field' }, [
				input, why ? E('div', { 'class': 'cbi-value-description', 'id': `${id}-why` }, [ why ]) : ''
			])
		]);
	},

	text(attributes) {
		return E('input', { 'type': 'text', 'class': 'cbi-input-text', 'autocomplete': 'off', 'spellcheck': 'false', ...attributes });
	},

	/** @param {[string, string][]} choices value and title */
	select(choices, chosen) {
		return E('select', { 'class': 'cbi-input-select' }, choices.map(([ value, title ]) =>
			E('option', { 'value': value, 'selected': value == chosen ? '' : null }, [ title ])));
	},

	check(isChecked) {
		return E('input', { 'type': 'checkbox', 'checked': isChecked ? '' : null });
	},

	/**
	 * Pictures to choose from: radio buttons for the keyboard and for who listens.
	 * @param {{id: string, title: string, picture: Node, about?: string}[]} choices
	 */
	cards(legend, name, choices, chosen, changed) {
		return E('fieldset', { 'class': 'ikev2-cards' }, [
			E('legend', {}, [ legend ]),
			...choices.map(({ id, title, picture, about }) => E('label', { 'class': 'ikev2-card-choice' }, [
				E('input', { 'type': 'radio', 'name': name, 'value': id, 'checked': id == chosen ? '' : null, 'change': () => changed(id) }),
				picture, E('strong', {}, [ title ]), about ? E('small', {}, [ about ]) : ''
			]))
		]);
	}
});
