'use strict';
'require baseclass';

/*
 * What the gateway says is English. A sentence is known again by its shape, with %s where a value stands, and said in the
 * language of the page; one that is not known, and every value, stays as it is.
 */

/* Members of answers that are sentences, or lists of them. */
const spoken = [ 'says', 'why', 'advice', 'cure', 'summary', 'barred', 'evidence', 'steps', 'done' ];
/* What is checked has a title, where everything else that has a name is called by it. */
const titled = { selftest: [ 'name' ] };
/* What happened is told in the words of the log, which people compare and search. */
const untouched = [ 'events' ];
/* What a peer wrote may be in it, and to look through that takes time. */
const longest = 1000;

const isTranslated = () => Object.keys(window.TR ?? {}).length > 0;
const plain = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/* Begins in lower case within another sentence, unless with a value, and ends without a full stop. */
const bare = text => text.replace(/\.$/, '');
const core = text => bare(text.charAt(0).toLowerCase() + text.slice(1));
const literal = shape => shape.replaceAll('%s', '').length;

let whole = new Map(), patterns = [];

function learn(shapes) {
	whole = new Map(shapes.filter(shape => !shape.includes('%s')).map(shape => [ core(shape), shape ]));
	patterns = shapes.filter(shape => shape.includes('%s')).sort((a, b) => literal(b) - literal(a)).map(shape =>
		[ new RegExp(`^${core(shape).split('%s').map(plain).join('(.*?)')}$`, 's'), shape ]);
}

function fill(text, values) {
	let at = 0;
	return text.replace(/%s/g, () => values[at++] ?? '');
}

/* As the sentence was: with a capital that its shape has not, with a full stop. */
function dress(said, shape, text) {
	const isRaised = text.charAt(0) != shape.charAt(0) && !shape.startsWith('%s');
	const first = isRaised ? said.charAt(0).toUpperCase() + said.slice(1) : said;
	return text.endsWith('.') && !/[.!?…]$/.test(first) ? `${first}.` : first;
}

/* A value may be a sentence itself; a single word is a name. */
const sayWithin = value => /\s/.test(value) ? say(value) : value;
const timed = /^([\d.]+ s: )(.+)$/s;

function say(text) {
	const [ , time, rest ] = timed.exec(text) ?? [];

	if (rest && say(rest) != rest)
		return time + say(rest);

	const seed = core(text);

	if (whole.has(seed))
		return dress(bare(_(whole.get(seed))), whole.get(seed), text);

	for (const [ pattern, shape ] of patterns) {
		const found = pattern.exec(shape.startsWith('%s') ? bare(text) : seed);

		if (found)
			return dress(fill(bare(_(shape)), found.slice(1).map(sayWithin)), shape, text);
	}

	/* Why, and then what helps. */
	const parts = text.split(/(?<=\.) /);
	return parts.length > 1 ? parts.map(say).join(' ') : text;
}

function translate(value, keys, isSpoken) {
	if (typeof(value) == 'string')
		return isSpoken && value.length <= longest ? say(value) : value;

	if (Array.isArray(value))
		return value.map(one => translate(one, keys, isSpoken));

	if (value == null || typeof(value) != 'object')
		return value;

	return Object.fromEntries(Object.entries(value).map(([ key, one ]) => [ key, translate(one, keys, keys.includes(key)) ]));
}

/* Only whoever reads another language needs them. */
const known = isTranslated() ? L.require('ikev2.sentences').then(({ shapes }) => learn(shapes())) : Promise.resolve();

return baseclass.extend({
	/** @returns {Promise<string>} a sentence of the gateway in the language of the page */
	say: text => known.then(() => isTranslated() ? say(text) : text),

	/** The same, of what came with an answer: by then the sentences are there. */
	now: text => isTranslated() ? say(text) : text,

	/** @returns {Promise<object>} what a method answered, with its sentences in the language of the page */
	inOurLanguage: (method, answer) => known.then(() => isTranslated() && !untouched.includes(method)
		? translate(answer, [ ...spoken, ...(titled[method] ?? []) ], false) : answer)
});
