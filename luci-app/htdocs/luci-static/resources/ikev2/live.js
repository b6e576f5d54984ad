'use strict';
'require baseclass';
'require ikev2.feed as feed';
'require ikev2.object as object';

/*
 * The state of the gateway, kept up to date as long as a page looks at it: events and samples where they can be had,
 * questions from time to time where not. Whoever draws it notices no difference.
 */

/* Times are in milliseconds. */
const often = 2000, seldom = 30000, soon = 300;
/* How many samples a graph remembers: two minutes. */
const memory = 60;

class Live {
	constructor(changed, heard) {
		/** Undefined until it answered for the first time; then the last answer. */
		this.status = undefined;
		/** Why the gateway does not answer; undefined: it does. */
		this.lost = undefined;
		/** 'websocket', 'events' or 'questions'. */
		this.way = 'questions';
		/** Whether somebody looks at figures that samples do not have. */
		this.isWatched = false;
		this.#changed = changed;
		this.#heard = heard;
		this.#onVisible = () => document.hidden ? this.#rest() : this.#askSoon(0);
		document.addEventListener('visibilitychange', this.#onVisible);
	}

	#changed; #heard; #onVisible;
	#feed = null; #isOpening = false; #timer = 0; #isClosed = false; #asked = undefined; #answeredAt = 0;
	/* By IKE SA, and of all together under 'all'. */
	#traffic = new Map();

	/** @returns {{rx: number, tx: number, history: {rx: number, tx: number}[]}} bytes in a second */
	traffic(id) {
		return this.#traffic.get(id ?? 'all') ?? { rx: 0, tx: 0, history: [] };
	}

	/** @returns {number} seconds since the device of an IKE SA was last heard */
	idle({ id, children }) {
		const now = performance.now();
		const told = Math.min(...children.map(({ idle }) => idle ?? Infinity)) + (now - this.#answeredAt) / 1000;
		return Math.min(told, (now - (this.#traffic.get(id)?.activeAt ?? -Infinity)) / 1000);
	}

	close() {
		this.#isClosed = true;
		window.clearTimeout(this.#timer);
		document.removeEventListener('visibilitychange', this.#onVisible);
		this.#feed?.close();
	}

	/** Asks at once. One question at a time. */
	ask() {
		this.#asked ??= object.call('status').then(status => {
			this.lost = undefined;
			this.status = status;
			this.#answeredAt = performance.now();

			/* Samples of the feed come at their own even pace. */
			if (this.#feed == null)
				this.#sample(status.sas, performance.now() / 1000);

			this.#forget();
			this.#follow();
		}, failure => {
			this.lost = failure;
			this.#feed?.close();
			this.#feed = null;
			this.way = 'questions';
		}).then(() => {
			this.#asked = undefined;
			this.#askSoon(this.#feed == null || this.isWatched ? often : seldom);
			this.#draw();
		});

		return this.#asked;
	}

	/* A browser has six connections to a router: pages that nobody looks at keep none. */
	#rest() {
		window.clearTimeout(this.#timer);
		this.#feed?.close();
		this.#feed = null;
		this.way = 'questions';
	}

	#askSoon(delay) {
		window.clearTimeout(this.#timer);

		if (!this.#isClosed && !document.hidden)
			this.#timer = window.setTimeout(() => this.#isGone() ? this.close() : this.ask(), delay);
	}

	/* LuCI tells no view that another took its place in the document. */
	#isGone() {
		return this.root != null && !this.root.isConnected;
	}

	#follow() {
		if (this.#feed != null || this.#isOpening || this.#isClosed)
			return;

		this.#isOpening = true;
		feed.open(this.status.websocket, (event, data) => this.#hear(event, data), () => {
			this.#feed = null;
			this.way = 'questions';
			this.#askSoon(soon);
		}).then(found => {
			this.#isOpening = false;

			if (found == null)
				return;

			if (this.#isClosed || document.hidden)
				return found.close();

			this.#feed = found;
			this.way = found.way;
			this.#askSoon(soon); /* what happened between the last answer and the first event */
		});
	}

	#hear(event, data) {
		if (event == 'sample') {
			this.#sample(data.sas, data.at);
			this.#draw();
			return;
		}

		/* A rekeyed IKE SA has another number, and goes on where the old one was. */
		if (event == 'rekey' && this.#traffic.has(data.fields?.old)) {
			this.#traffic.set(data.sa, this.#traffic.get(data.fields.old));
			this.#traffic.delete(data.fields.old);
		}

		this.#heard(event, data);
		this.#askSoon(soon);
	}

	/* @param at seconds of any clock that goes evenly */
	#sample(sas, at) {
		let rx = 0, tx = 0, isFirst = true;

		for (const { id, rxBytes, txBytes } of sas) {
			const before = this.#traffic.get(id);
			const entry = this.#next(before, rxBytes, txBytes, at);

			if (before && entry !== before) {
				rx += entry.rx;
				tx += entry.tx;
			}

			isFirst &&= (before == null);
			this.#traffic.set(id, entry);

			/* Figures of the rows come with the samples. */
			const row = this.status?.sas.find(sa => sa.id === id);

			if (row)
				Object.assign(row, { rxBytes, txBytes });
		}

		const all = this.#traffic.get('all');
		const history = [ ...(all?.history ?? []), { rx, tx } ].slice(-memory);

		if (!isFirst || sas.length == 0)
			this.#traffic.set('all', { rx, tx, history });
	}

	#next(before, rxBytes, txBytes, at) {
		const passed = before ? at - before.at : 0;

		if (before && passed < 0.5)
			return before;

		const rate = (now, then) => (before && passed < 60) ? Math.max(0, now - then) / passed : 0;
		const [ rx, tx ] = [ rate(rxBytes, before?.rxBytes), rate(txBytes, before?.txBytes) ];
		const history = before ? [ ...before.history, { rx, tx } ].slice(-memory) : [];
		const activeAt = rx > 0 ? performance.now() : before?.activeAt;
		return { at, rxBytes, txBytes, rx, tx, history, activeAt };
	}

	#forget() {
		const there = new Set([ 'all', ...this.status.sas.map(({ id }) => id) ]);

		for (const id of this.#traffic.keys())
			if (!there.has(id))
				this.#traffic.delete(id);
	}

	#draw() {
		if (this.#isGone())
			this.close();
		else if (!this.#isClosed)
			this.#changed(this);
	}
}

return baseclass.extend({
	/**
	 * @param {(live: Live) => void} changed
	 * @param {(event: string, data: object) => void} [heard] each event as it happens, where events can be had
	 */
	open(changed, heard) {
		const live = new Live(changed, heard ?? (() => {}));
		return live.ask().then(() => live);
	}
});
