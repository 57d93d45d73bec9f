// `node tools/indexed-png.mjs`: writes the screenshots of docs/ again with a palette, at a fifth of the size, since they
// are in the tarball. Chromium writes three bytes a pixel, and the demo has few colours: here two pixels are a byte.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const TRUE_COLOUR = 2;
const INDEXED = 3;
const BITS = 4;
const MOST_COLOURS = 2 ** BITS;

function* chunks(png) {
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    yield {
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    };
    at += length + 12;
  }
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  const checksum = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

function paeth(left, up, corner) {
  const estimate = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(estimate - value));
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** What each filter of a line adds to a byte (PNG specification, section 9.2). */
const PREDICTIONS = [
  () => 0,
  (left) => left,
  (_left, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
];

/** The colours of all pixels, as numbers. */
function pixelsOf(lines, width, height) {
  const bytes = width * 3;
  let previous = Buffer.alloc(bytes);
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = y * (bytes + 1);
    const predict = PREDICTIONS[lines[start]];
    const line = Buffer.from(lines.subarray(start + 1, start + 1 + bytes));
    for (let x = 0; x < bytes; x++) {
      line[x] +=
        x < 3 ? predict(0, previous[x], 0) : predict(line[x - 3], previous[x], previous[x - 3]);
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = line.readUIntBE(x * 3, 3);
    previous = line;
  }
  return pixels;
}

const parts = (colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff];

function distance(one, other) {
  const otherParts = parts(other);
  return parts(one).reduce((sum, part, index) => sum + (part - otherParts[index]) ** 2, 0);
}

/** The most frequent colours, and for every colour the place of the nearest of them. */
function paletteOf(pixels) {
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, MOST_COLOURS)
    .map(([colour]) => colour);
  const nearest = (colour) =>
    palette.reduce(
      (best, candidate, place) =>
        distance(colour, candidate) < distance(colour, palette[best]) ? place : best,
      0,
    );
  return {
    palette,
    places: new Map([...counts.keys()].map((colour) => [colour, nearest(colour)])),
  };
}

function indexed(png) {
  const all = [...chunks(png)];
  const header = Buffer.from(all[0].data);
  if (header[8] !== 8 || header[9] !== TRUE_COLOUR || header[12] !== 0) return png;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const lines = inflateSync(
    Buffer.concat(all.filter(({ type }) => type === 'IDAT').map(({ data }) => data)),
  );
  const pixels = pixelsOf(lines, width, height);
  const { palette, places } = paletteOf(pixels);
  // Each line begins with its filter: none. The first of two pixels is in the higher half of the byte.
  const bytes = 1 + Math.ceil(width / 2);
  const result = Buffer.alloc(height * bytes);
  for (const [index, pixel] of pixels.entries()) {
    const x = index % width;
    const at = Math.floor(index / width) * bytes + 1 + (x >> 1);
    result[at] |= places.get(pixel) << (x % 2 === 0 ? BITS : 0);
  }
  header[8] = BITS;
  header[9] = INDEXED;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(parts))),
    chunk('IDAT', deflateSync(result, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const folder = new URL('../docs/screenshots/', import.meta.url);
for (const name of readdirSync(folder).filter((file) => file.endsWith('.png'))) {
  const file = new URL(name, folder);
  writeFileSync(file, indexed(readFileSync(file)));
}
