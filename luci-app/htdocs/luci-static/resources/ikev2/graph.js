'use strict';
'require baseclass';

/* Traffic as a small picture: what comes in above, what goes out below, newest on the right. Decoration for eyes; the
 * figures stand beside it. */

const SVG = 'http://www.w3.org/2000/svg';
const samples = 60;

function shape(name, attributes) {
	const node = document.createElementNS(SVG, name);

	for (const key in attributes)
		node.setAttribute(key, attributes[key]);

	return node;
}

/* From one middle to the next, so that a single sample is a hump and no needle. */
function areaOf(values, most, { width, base, height }) {
	const step = width / (samples - 1);
	const points = values.map((value, i) => [
		width - (values.length - 1 - i) * step,
		base - Math.sqrt(value / most) * height
	]);

	if (points.length < 2)
		return '';

	const line = points.slice(1).map(([ x, y ], i) => {
		const middle = (points[i][0] + x) / 2;
		return `C${middle.toFixed(1)},${points[i][1].toFixed(1)} ${middle.toFixed(1)},${y.toFixed(1)} ${x.toFixed(1)},${y.toFixed(1)}`;
	});

	return `M${points[0][0].toFixed(1)},${base} L${points[0].map(n => n.toFixed(1)).join(',')} ${line.join(' ')} L${width},${base} Z`;
}

return baseclass.extend({
	/**
	 * @param {{width: number, height: number}} size in user units; the style sheet says how large it is drawn
	 * @returns {{node: SVGElement, draw: (history: {rx: number, tx: number}[]) => void}}
	 */
	make({ width, height }) {
		const middle = height / 2;
		const rx = shape('path', { 'class': 'ikev2-rx' });
		const tx = shape('path', { 'class': 'ikev2-tx' });
		const axis = shape('line', { 'class': 'ikev2-axis', x1: 0, x2: width, y1: middle, y2: middle });
		const node = shape('svg', {
			'class': 'ikev2-graph', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true'
		});
		let drawn = '';

		node.append(axis, rx, tx);

		return {
			node,
			draw(history) {
				const most = Math.max(2048, ...history.flatMap(sample => [ sample.rx, sample.tx ]));
				const up = areaOf(history.map(sample => sample.rx), most, { width, base: middle, height: middle - 1 });
				const down = areaOf(history.map(sample => sample.tx), most, { width, base: middle, height: 1 - middle });

				if (drawn === up + down)
					return;

				drawn = up + down;
				rx.setAttribute('d', up);
				tx.setAttribute('d', down);
			}
		};
	}
});
