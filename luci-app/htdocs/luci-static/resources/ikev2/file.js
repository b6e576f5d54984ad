'use strict';
'require baseclass';

/* Files between the browser and the gateway, which sends and takes them as base64 or as text. */

return baseclass.extend({
	/** @param {{filename: string, type: string, encoding?: string, content: string}} file */
	download({ filename, type, encoding, content }) {
		const bytes = (encoding == 'base64') ? Uint8Array.from(atob(content), c => c.charCodeAt(0)) : content;
		const url = URL.createObjectURL(new Blob([ bytes ], { type: type ?? 'application/octet-stream' }));
		const link = E('a', { 'href': url, 'download': filename });

		document.body.append(link);
		link.click();
		link.remove();
		window.setTimeout(() => URL.revokeObjectURL(url), 10000);
	},

	/** @returns {Promise<string>} the file in base64 */
	read(file) {
		return file.arrayBuffer().then(buffer => {
			let text = '';

			for (const byte of new Uint8Array(buffer))
				text += String.fromCharCode(byte);

			return btoa(text);
		});
	}
});
