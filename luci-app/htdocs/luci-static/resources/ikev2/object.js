'use strict';
'require baseclass';
'require rpc';
'require ikev2.words as words';

/* The object ikev2: its methods, with parameters by name and failures in words. */

/* A status other than 0 comes as a number, or with `error` in words. */
function outcomeOf(outcome) {
	if (typeof(outcome) == 'number' && outcome !== 0) {
		const isAbsent = (outcome == 4);
		throw Object.assign(new Error(isAbsent ? _('The gateway is not running') : rpc.getStatusText(outcome)), { isAbsent });
	}

	if (typeof(outcome?.error) == 'string')
		throw new Error(outcome.error);

	return (outcome != null && typeof(outcome) == 'object') ? outcome : {};
}

/* These take seconds, and nobody else should wait for them. */
const slow = [ 'ca_create', 'certificate_issue', 'certificate_renew', 'device_add', 'device_export', 'selftest' ];

return baseclass.extend({
	/**
	 * Calls a method of the gateway. LuCI sends what is called in one frame as one request, answered in order.
	 * @returns {Promise<object>} what docs/rpc.md names as its result
	 * @throws {Error} with the gateway's own words, or why it could not be asked; `isAbsent` when it does not run
	 */
	async call(method, params) {
		try {
			return await words.inOurLanguage(method, await this.inEnglish(method, params));
		}
		catch (failure) {
			throw Object.assign(new Error(await words.say(failure.message)), { name: failure.name, isAbsent: failure.isAbsent });
		}
	},

	/** The same, for whom the gateway's own words are meant: who helps. */
	inEnglish(method, params) {
		const names = Object.keys(params ?? {}).filter(name => params[name] != null);
		const ask = rpc.declare({ object: 'ikev2', method, params: names, nobatch: slow.includes(method) });

		return ask(...names.map(name => params[name])).then(outcomeOf, failure => {
			throw this.absence(failure);
		});
	},

	/** What a failed request means: the object is not on the bus, or something else. */
	absence(failure) {
		const isAbsent = /-32000|code 4\b/.test(failure.message);
		const words = isAbsent ? _('The gateway is not running') : failure.message.split('\n')[0];
		return Object.assign(new Error(words), { isAbsent, name: failure.name });
	}
});
