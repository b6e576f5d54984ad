'use strict';
'require baseclass';
'require ui';

/* What is asked before something is done that cannot be undone, and what is said when it could not be done. */

/* 24.10 has no notification that goes by itself. */
function notify(text, mood, duration) {
	const node = ui.addNotification(null, E('p', {}, [ text ]), mood);
	node.setAttribute('role', mood == 'danger' ? 'alert' : 'status');
	window.setTimeout(() => node.remove(), duration);
}

return baseclass.extend({
	/** Says why something failed. The words may come from a peer. */
	failed(failure) {
		if (failure?.name != 'SessionError')
			notify(failure?.message ?? `${failure}`, 'danger', 15000);
	},

	said(text) {
		notify(text, 'success', 6000);
	},

	/**
	 * Shows a dialog with a name, that Escape closes; the keyboard goes back to where it was.
	 * @returns {() => void} how to close it
	 */
	show(title, children) {
		const before = document.activeElement;
		const onKey = event => event.key == 'Escape' && close();
		const close = () => {
			document.removeEventListener('keydown', onKey);
			ui.hideModal();
			before?.focus?.();
		};
		const node = ui.showModal(title, children(close), 'ikev2-dialog');

		node.setAttribute('role', 'dialog');
		node.setAttribute('aria-modal', 'true');
		node.setAttribute('aria-label', title);
		document.addEventListener('keydown', onKey);
		(node.querySelector('[autofocus]') ?? node.querySelector('input, select, textarea, button'))?.focus();
		return close;
	},

	/**
	 * @param {Node[]} words what will happen
	 * @param {() => Promise<void>} act
	 */
	confirm(title, words, verb, act) {
		this.show(title, close => [
			E('div', {}, words),
			E('div', { 'class': 'button-row right' }, [
				E('button', { 'class': 'btn cbi-button', 'autofocus': '', 'click': close }, [ _('Cancel') ]), ' ',
				E('button', {
					'class': 'btn cbi-button cbi-button-negative important',
					'click': ui.createHandlerFn(this, () => act().then(close, failure => {
						/* That the session is over is a dialog of LuCI's own, in the place of this one. */
						if (failure.name != 'SessionError')
							close();

						this.failed(failure);
					}))
				}, [ verb ])
			])
		]);
	}
});
