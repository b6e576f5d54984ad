'use strict';
'require baseclass';
'require rpc';
'require uci';
'require ikev2.object as object';

/* Saves what was changed, applies it, and waits until the gateway works with it. */

const act = rpc.declare({ object: 'rc', method: 'init', params: [ 'name', 'action' ] });
const applyStaged = rpc.declare({ object: 'uci', method: 'apply', params: [ 'timeout', 'rollback' ] });
const confirmApplied = rpc.declare({ object: 'uci', method: 'confirm' });
const wait = duration => new Promise(resolve => window.setTimeout(resolve, duration));

/* What rpcd says where nothing was changed, as in a setup that is tried again, and where nothing is left to confirm. */
const noData = 5;

/* Seconds after which a router that nobody reaches any more goes back. */
const timeout = 30;

async function confirm() {
	for (let i = 0; i < timeout; i++) {
		await wait(1000);

		const status = await confirmApplied().catch(() => null);

		if (status === 0)
			return;

		if (status === noData)
			break;
	}

	throw new Error(_('The router could not be reached with the new settings, and went back to those before.'));
}

return baseclass.extend({
	/** @param {string[]} configs that were changed */
	async apply(configs) {
		await uci.save();
		const status = await applyStaged(timeout, true);

		/* Not by uci.apply(), which confirms after its promise has resolved: rpcd refuses the next change until then. */
		if (status === 0)
			await confirm();
		else if (status !== noData)
			throw new Error(rpc.getStatusText(status));

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
