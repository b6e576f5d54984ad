'use strict';
'require baseclass';
'require rpc';

const call = (method, params) => rpc.declare({ object: 'uci', method, params });
const [get, add, set, remove] = [
	call('get', ['config']), call('add', ['config', 'type', 'name', 'values']), call('set', ['config', 'section', 'values']),
	call('delete', ['config', 'section', 'options']),
];
const configs = new Map();
let made = 1;

/* What was read, and what was changed since, by section: undefined options are to be deleted. */
function stateOf(config) {
	return configs.get(config) ?? { sections: {}, changed: new Map(), added: new Set(), removed: new Set() };
}

return baseclass.extend({
	async load(names) {
		for (const config of [names].flat()) {
			if (configs.has(config)) continue;
			const { values } = await get(config);
			configs.set(config, { ...stateOf(config), sections: { ...values } });
		}
	},
	unload: (names) => [names].flat().forEach((config) => configs.delete(config)),
	sections(config, type, each) {
		const found = Object.values(stateOf(config).sections).filter((one) => type == null || one['.type'] === type);
		if (each) found.forEach((one) => each(one, one['.name']));
		return found;
	},
	get(config, section, option) {
		const found = stateOf(config).sections[section];
		return option == null ? found : found?.[option];
	},
	set(config, section, option, value) {
		const state = stateOf(config);
		const found = state.sections[section];
		if (!found) return;
		const next = value === '' || value == null ? undefined : value;
		found[option] = next;
		if (!state.changed.has(section)) state.changed.set(section, new Set());
		state.changed.get(section).add(option);
	},
	unset(config, section, option) {
		this.set(config, section, option, null);
	},
	add(config, type, name) {
		const state = stateOf(config);
		const id = name ?? `new${Date.now()}${made++}`;
		state.sections[id] = { '.type': type, '.name': id, '.anonymous': name == null };
		state.added.add(id);
		return id;
	},
	remove(config, section) {
		const state = stateOf(config);
		delete state.sections[section];
		state.changed.delete(section);
		if (!state.added.delete(section)) state.removed.add(section);
	},
	async save() {
		for (const [config, { sections, changed, added, removed }] of configs) {
			for (const section of removed) await remove(config, section);
			for (const section of added) {
				const options = Object.entries(sections[section]).filter(([key, value]) => !key.startsWith('.') && value !== undefined);
				await add(config, sections[section]['.type'], section, Object.fromEntries(options));
			}
			for (const [section, options] of changed) {
				if (added.has(section)) continue;
				const gone = [...options].filter((option) => sections[section][option] === undefined);
				const kept = [...options].filter((option) => sections[section][option] !== undefined);
				if (kept.length > 0) await set(config, section, Object.fromEntries(kept.map((key) => [key, sections[section][key]])));
				if (gone.length > 0) await remove(config, section, gone);
			}
			configs.delete(config);
		}
	},
	changes: call('changes'),
});
