// A phone's camera before a page: what a code in it says.
import { default as decode } from 'jsqr';
import type { Locator } from 'playwright-core';

/** @returns undefined: there is no code that a camera could read */
export async function readCode(svg: Locator): Promise<string | undefined> {
  const picture = (await svg.evaluate(draw)) as { pixels: number[]; size: number };
  const { pixels, size } = picture;
  return decode.default(Uint8ClampedArray.from(pixels), size, size)?.data;
}

/** Runs in the page: the drawing as pixels. */
const draw = new Function(
  'svg',
  `const size = 400, canvas = document.createElement('canvas'), image = new Image();
  canvas.width = canvas.height = size;
  const copy = svg.cloneNode(true);
  copy.setAttribute('width', size);
  copy.setAttribute('height', size);
  image.src = 'data:image/svg+xml;base64,' + btoa(new XMLSerializer().serializeToString(copy));
  return image.decode().then(() => {
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0, size, size);
    return { size, pixels: [...context.getImageData(0, 0, size, size).data] };
  });`,
) as (svg: unknown) => unknown;
