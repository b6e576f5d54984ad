'use strict';
// A loader that does as LuCI's does; see README.md for what it promises.

(() => {
	const env = {};
	const modules = new Map();

	class Base {
		constructor(...args) {
			this.__init__?.(...args);
		}
		static extend(properties) {
			const Made = class extends Base {};
			Object.setPrototypeOf(Made, this);
			Object.setPrototypeOf(Made.prototype, this.prototype);
			Object.assign(Made.prototype, properties);
			return Made;
		}
	}

	const isNode = (value) => value instanceof Node;
	const dom = {
		append(node, children) {
			if (Array.isArray(children)) {
				for (const child of children) {
					if (child != null) node.append(isNode(child) ? child : document.createTextNode(child));
				}
			} else if (typeof children === 'function') dom.append(node, children(node));
			else if (isNode(children)) node.append(children);
			// As in LuCI: whoever passes a bare string passes HTML.
			else if (children != null) node.innerHTML = `${children}`;
			return node.lastChild;
		},
		content(node, children) {
			node.replaceChildren();
			return dom.append(node, children);
		},
		attr(node, attributes) {
			for (const [name, value] of Object.entries(attributes ?? {})) {
				if (value == null) continue;
				if (typeof value === 'function') node.addEventListener(name, value);
				else node.setAttribute(name, typeof value === 'object' ? JSON.stringify(value) : value);
			}
		},
		parent: (node, selector) => node.closest(selector),
		bindClassInstance: (node, instance) => Object.assign(node, { instance }),
		findClassInstance: (node) => (node ? (node.instance ?? dom.findClassInstance(node.parentNode)) : null),
		callClassMethod: (node, method, ...args) => node.instance?.[method]?.(...args) ?? null,
	};

	window.E = (tag, attributes, children) => {
		const hasAttributes =
			attributes instanceof Object && !Array.isArray(attributes) && !isNode(attributes);
		const node = Array.isArray(tag)
			? document.createDocumentFragment()
			: tag.startsWith('<')
				? new DOMParser().parseFromString(tag, 'text/html').body.firstChild
				: document.createElement(tag);
		if (Array.isArray(tag)) dom.append(node, tag);
		if (hasAttributes) dom.attr(node, attributes);
		dom.append(node, hasAttributes ? children : attributes);
		return node;
	};

	const View = Base.extend({
		__init__() {
			const place = document.getElementById('view');
			Promise.resolve(this.load?.())
				.then((loaded) => this.render(loaded))
				.then((nodes) => {
					dom.content(place, nodes);
					dom.append(place, this.addFooter());
				})
				.catch(L.error);
		},
		handleSave: () => saveMaps('save'),
		handleReset: () => saveMaps('reset'),
		handleSaveApply() {
			return this.handleSave().then(() => L.ui.changes.apply());
		},
		addFooter() {
			const button = (handler, words, kind) =>
				this[handler]
					? E('button', {
							class: `btn cbi-button cbi-button-${kind}`,
							disabled: env.nodespec.readonly || null,
							click: L.ui.createHandlerFn(this, handler),
						}, [words])
					: null;
			return E('div', { class: 'cbi-page-actions' }, [
				button('handleSaveApply', 'Save & Apply', 'apply'),
				button('handleSave', 'Save', 'save'),
				button('handleReset', 'Reset', 'reset'),
			]);
		},
	});

	const saveMaps = (method) =>
		Promise.all(
			[...document.querySelectorAll('.cbi-map')].map((map) => dom.callClassMethod(map, method)),
		);

	const timers = new Map();
	const poll = {
		add(run, seconds) {
			const again = () => Promise.resolve(run()).finally(() => timers.has(run) && later());
			const later = () => timers.set(run, setTimeout(again, (seconds ?? env.pollinterval) * 1000));
			timers.set(run, 0);
			again();
			return true;
		},
		remove: (run) => clearTimeout(timers.get(run)) ?? timers.delete(run),
		start: () => true,
		stop() {
			for (const timer of timers.values()) clearTimeout(timer);
			timers.clear();
			return true;
		},
		active: () => timers.size > 0,
	};

	const builtIn = { baseclass: Base, view: View, dom, poll, request: {}, session: {} };

	window.LuCI = class LuCI {
		constructor(given) {
			Object.assign(env, given, { base_url: given.resource });
			window.L = this;
		}
		env = env;
		async #load(name) {
			const response = await fetch(`${env.base_url}/${name.replaceAll('.', '/')}.js`);
			if (!response.ok) throw new Error(`HTTP error ${response.status} while loading ${name}`);
			const source = await response.text();
			const head = /^\s*(?:(?:'[^'\n]*';|\/\*[\s\S]*?\*\/|\/\/[^\n]*)\s*)*/.exec(source)[0];
			const wanted = [...head.matchAll(/^'require (\S+?)(?: as (\w+))?';/gm)];
			const given = await Promise.all(wanted.map(([, dependency]) => this.require(dependency)));
			const names = wanted.map(([, dependency, alias]) => alias ?? dependency.replace(/\W/g, '_'));
			const Made = new Function('window', 'document', 'L', ...names, `${source}\n//# sourceURL=${name}.js`)(
				...[window, document, this, ...given],
			);
			const instance = new Made();
			if (name === 'ui') this.ui = instance;
			return instance;
		}
		require(name) {
			if (name in builtIn) return Promise.resolve(builtIn[name]);
			if (!modules.has(name)) modules.set(name, this.#load(name));
			return modules.get(name);
		}
		error(failure) {
			if (failure?.name === 'SessionError') return;
			console.error(failure);
			dom.content(document.getElementById('view'), [E('pre', {}, [`${failure.stack}`])]);
		}
		resource = (...parts) => [env.resource, ...parts].join('/');
		url = (...parts) => [env.scriptname, ...parts].join('/');
		hasViewPermission = () => !env.nodespec.readonly;
		resolveDefault = (value, fallback) => Promise.resolve(value).catch(() => fallback);
		bind = (run, self, ...args) => run.bind(self, ...args);
		toArray = (value) => (value == null || value === '' ? [] : Array.isArray(value) ? value : `${value}`.trim().split(/\s+/));
		isObject = (value) => value != null && typeof value === 'object';
		naturalCompare = new Intl.Collator(undefined, { numeric: true }).compare;
	};
})();
