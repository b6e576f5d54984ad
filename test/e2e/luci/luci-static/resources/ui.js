'use strict';
'require baseclass';
'require dom';

const overlay = E('div', { id: 'modal_overlay', tabindex: '-1' }, [E('div', { class: 'modal' })]);
document.body.append(overlay);

return baseclass.extend({
	instantiateView: (path) => L.require(`view.${path.replaceAll('/', '.')}`).catch(L.error),
	showModal(title, children, ...classes) {
		const dialog = overlay.firstChild;
		dialog.className = ['modal', ...classes].join(' ');
		dom.content(dialog, [E('h4', {}, [title])]);
		dom.append(dialog, children);
		document.body.classList.add('modal-overlay-active');
		overlay.focus();
		return dialog;
	},
	hideModal: () => document.body.classList.remove('modal-overlay-active'),
	addNotification(title, children, ...classes) {
		const node = E('div', { class: ['alert-message', ...classes].join(' ') });
		if (title != null) node.append(E('h4', {}, [title]));
		dom.append(node, children);
		document.getElementById('maincontent').prepend(node);
		return node;
	},
	createHandlerFn(self, handler, ...args) {
		const run = typeof handler === 'string' ? self[handler] : handler;
		return (event) => {
			const button = event.currentTarget;
			button.disabled = true;
			Promise.resolve(run.apply(self, [...args, event])).finally(() => {
				button.disabled = false;
			});
		};
	},
	changes: {
		async apply() {
			await fetch(L.url('admin', 'uci', 'apply_rollback'), { method: 'POST' });
			await fetch(L.url('admin', 'uci', 'confirm'), { method: 'POST' });
			window.location.reload();
		},
	},
});
