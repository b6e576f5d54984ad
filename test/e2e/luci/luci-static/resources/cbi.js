'use strict';
// What LuCI puts into the global scope before its loader: translation and `format`.

function translated(text, context) {
	const key = (context == null ? '' : `${context}\u0001`) + text.trim().replace(/[ \t\n]+/g, ' ');
	return window.TR?.[key] ?? text;
}
window._ = translated;

String.prototype.format = function (...values) {
	let next = 0;
	return this.replace(/%(\d+)?(?:\.(\d+))?([sdfmth%])/g, (_, width, precision, kind) => {
		if (kind === '%') return '%';
		const value = values[next++];
		switch (kind) {
			case 'd':
				return `${Math.floor(Number(value) || 0)}`;
			case 'f':
				return Number(value).toFixed(Number(precision ?? 6));
			case 'm':
				return scaled(Number(value) || 0, Number(width ?? 1000), Number(precision ?? 2));
			case 'h':
				return `${value}`.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
			default:
				return `${value}`;
		}
	});
};

function scaled(value, factor, digits) {
	const units = ['', 'K', 'M', 'G', 'T'].map((unit) => (factor === 1024 && unit ? `${unit}i` : unit));
	let i = 0;
	while (value >= factor && i < units.length - 1) {
		value /= factor;
		i++;
	}
	return i === 0 ? `${value} ` : `${value.toFixed(digits)} ${units[i]}`;
}
