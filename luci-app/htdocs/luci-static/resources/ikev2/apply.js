'use strict';
'require baseclass';
'require rpc';
'require uci';
'require ikev2.object as object';

/* Saves what was changed, applies it, and waits until the gateway works with it. */

const act = rpc.declare({ object: 'rc', method: 'init', params: [ 'name', 'action' ] });
const wait = duration => new Promise(resolve => window.setTimeout(resolve, duration));

return baseclass.extend({
	/** @param {string[]} configs that were changed */
	async apply(configs) {
		await uci.save();
		await uci.apply();
		/* LuCI confirms a second later, so that a router that cannot be reached any more goes back. */
		await wait(1500);
		uci.unload(configs);
		await uci.load(configs);
	},

	async start() {
		await act('ikev2', 'enable');
		await act('ikev2', 'start');
		return this.answers();
	},

	/** @throws {Error} when it does not answer in time */
	async answers(isReady) {
		for (let i = 0; ; i++) {
			const status = await object.call('status').catch(failure => ({ failure }));

			if (!status.failure && (isReady?.(status) ?? true))
				return status;

			if (i >= 60)
				throw status.failure ?? new Error(_('The gateway does not take up its new configuration; the log says why.'));

			await wait(500);
		}
	}
});
