// From grey maps to coloured layers, in the browser: sliders never ask the server.
const PINK = [255, 0, 110]; // photographs and skin do not have it; distinct to the colour-blind
const BLUE = [0, 132, 255]; // as far from the pink as from the heat map
const OUTLINE = 2; // pixels of a layer: seen on a phone, hides nothing
// matplotlib's inferno (CC0) at eight stops: even in lightness, so it reads in grey too
const INFERNO = [
  [0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99],
  [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164],
];

function rgba(color, alpha) {
  return ((alpha << 24) | (color[2] << 16) | (color[1] << 8) | color[0]) >>> 0;
}

const HEAT = Uint32Array.from({ length: 256 }, (_, level) => {
  const position = (level / 255) * (INFERNO.length - 1);
  const low = Math.min(Math.floor(position), INFERNO.length - 2);
  const mixed = INFERNO[low].map((value, channel) =>
    Math.round(value + (INFERNO[low + 1][channel] - value) * (position - low)));
  return rgba(mixed, Math.round(110 + (145 * level) / 255)); // the picture shows through the low end
});

async function loadImage(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

// One byte a pixel, at the layer's size.
function greyOf(image, width, height, smooth) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingEnabled = smooth;
  context.drawImage(image, 0, 0, width, height);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  return Uint8Array.from(pixels, (pixel) => pixel & 255);
}

// Where the map is above the threshold: 1, else 0.
function cutAt(grey, threshold) {
  const level = threshold * 255;
  return grey.map((value) => (value > level ? 1 : 0));
}

function shareOf(inside) {
  let sum = 0;
  for (let i = 0; i < inside.length; i++) sum += inside[i];
  return sum / inside.length;
}

// A tint with an outline and a white rim round it; without the tint it is a contour.
function paintArea(out, inside, width, height, tinted) {
  const tint = tinted ? rgba(PINK, 150) : 0;
  const line = rgba(PINK, 255);
  const rim = rgba([255, 255, 255], 200);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const here = inside[i];
      let edge = false;
      for (let step = 1; step <= (here ? OUTLINE : 1) && !edge; step++) {
        edge =
          (x >= step && inside[i - step] !== here) ||
          (x < width - step && inside[i + step] !== here) ||
          (y >= step && inside[i - step * width] !== here) ||
          (y < height - step && inside[i + step * width] !== here);
      }
      out[i] = here ? (edge ? line : tint) : edge ? rim : 0;
    }
  }
}

function paintMask(out, inside) {
  for (let i = 0; i < out.length; i++) out[i] = inside[i] ? 0xffffffff : 0xff000000;
}

function paintHeat(out, grey) {
  for (let i = 0; i < out.length; i++) out[i] = HEAT[grey[i]];
}

// A hatched veil, the denser the less the pixels say.
function paintVeil(out, grey, width) {
  for (let i = 0; i < out.length; i++) {
    const stripe = ((i % width) + Math.floor(i / width)) % 12 < 5 ? 1 : 0.55;
    out[i] = rgba(BLUE, Math.round((255 - grey[i]) * 0.85 * stripe));
  }
}
