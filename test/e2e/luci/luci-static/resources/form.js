'use strict';
'require baseclass';
'require dom';
'require uci';

// Values and their widgets: text, choice, check box, list.
const Value = baseclass.extend({
	__init__(section, name, title, description) {
		Object.assign(this, { section, name, title, description, choices: [], rmempty: true });
		this.inputs = new Map();
	},
	value(key, title) {
		this.choices.push([key, title]);
	},
	cfgvalue(id) {
		return uci.get(this.section.map.config, id, this.name);
	},
	write(id, value) {
		uci.set(this.section.map.config, id, this.name, value);
	},
	remove(id) {
		uci.unset(this.section.map.config, id, this.name);
	},
	make(value) {
		return E('input', { type: 'text', class: 'cbi-input-text', value: value ?? null, placeholder: this.placeholder });
	},
	read: (input) => input.value,
	render(id) {
		const input = this.make(this.cfgvalue(id) ?? this.default);
		const field = `widget.${this.section.map.config}.${id}.${this.name}`;
		if (input.matches('input, select')) input.setAttribute('id', field);
		this.inputs.set(id, input);
		const wrong = E('div', { class: 'cbi-value-error', role: 'alert' });
		input.addEventListener('input', () => this.check(id, input, wrong));
		return E('div', { class: 'cbi-value', 'data-name': this.name }, [
			E('label', { class: 'cbi-value-title', for: field }, [this.title]),
			E('div', { class: 'cbi-value-field' }, [
				input, wrong, this.description ? E('div', { class: 'cbi-value-description' }, [this.description]) : '',
			]),
		]);
	},
	check(id, input, wrong) {
		const verdict = this.validate?.(id, this.read(input)) ?? true;
		input.classList.toggle('cbi-input-invalid', verdict !== true);
		dom.content(wrong, [verdict === true ? '' : verdict]);
		return verdict === true;
	},
	formvalue(id) {
		return this.read(this.inputs.get(id));
	},
	parse(id) {
		const value = this.formvalue(id);
		const isEmpty = value.length === 0 || (this.rmempty && value === this.default);
		if (this.validate && this.validate(id, value) !== true) throw new TypeError(`${this.title} is invalid`);
		const now = this.cfgvalue(id);
		if (JSON.stringify(now ?? '') === JSON.stringify(isEmpty ? '' : value)) return;
		if (isEmpty) this.remove(id);
		else this.write(id, value);
	},
});

/* As in LuCI, the title's label names no box: the box has an empty one of its own. */
let boxes = 0;
const Flag = Value.extend({
	make(value) {
		const id = `cb${++boxes}`;
		return E('div', { class: 'cbi-checkbox' }, [
			E('input', { id, type: 'checkbox', checked: value === '1' ? '' : null }), E('label', { for: id }),
		]);
	},
	read: (box) => (box.querySelector('input').checked ? '1' : '0'),
});
const ListValue = Value.extend({
	make(value) {
		return E('select', { class: 'cbi-input-select' }, this.choices.map(([key, title]) =>
			E('option', { value: key, selected: key === value ? '' : null }, [title])));
	},
});
const DynamicList = Value.extend({
	make: (value) => E('div', {}, [...L.toArray(value), ''].map((one) => E('input', { type: 'text', class: 'cbi-input-text', value: one }))),
	read: (box) => [...box.children].map((input) => input.value.trim()).filter(Boolean),
});

const Section = baseclass.extend({
	__init__(map, type, title) {
		Object.assign(this, { map, type, title, options: [], tabs: [] });
	},
	tab(name, title) {
		this.tabs.push([name, title]);
	},
	option(Kind, name, ...words) {
		const made = new Kind(this, name, ...words);
		this.options.push(made);
		return made;
	},
	taboption(tab, ...rest) {
		return Object.assign(this.option(...rest), { tab });
	},
	formvalue(id, name) {
		return this.options.find((one) => one.name === name).formvalue(id);
	},
	parse() {
		for (const id of this.ids()) for (const option of this.options) option.parse(id);
		return Promise.resolve();
	},
	ids() {
		return uci.sections(this.map.config, this.type).map((one) => one['.name']);
	},
	render() {
		return E('div', { class: 'cbi-section' }, [
			E('h3', {}, [this.title]),
			...this.ids().flatMap((id) => this.options.map((option) => option.render(id))),
		]);
	},
});
const NamedSection = Section.extend({
	__init__(map, id, type, title) {
		Object.assign(this, { map, id, type, title, options: [], tabs: [] });
	},
	ids() {
		return [this.id];
	},
});

return baseclass.extend({
	Map: baseclass.extend({
		__init__(config, title, description) {
			Object.assign(this, { config, title, description, parts: [] });
		},
		chain() {},
		section(Kind, ...rest) {
			const made = new Kind(this, ...rest);
			this.parts.push(made);
			return made;
		},
		async save() {
			for (const part of this.parts) await part.parse();
			await uci.save();
		},
		render() {
			return this.renderContents();
		},
		async renderContents() {
			const node = E('div', { class: 'cbi-map' }, [
				E('h2', {}, [this.title]), E('div', { class: 'cbi-map-descr' }, [this.description]),
				...this.parts.map((part) => part.render()),
			]);
			dom.bindClassInstance(node, this);
			return node;
		},
	}),
	Value, Flag, ListValue, DynamicList, TypedSection: Section, NamedSection,
});
