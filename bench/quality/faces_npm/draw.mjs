// SPDX-License-Identifier: Apache-2.0
// Cartoon faces of one style, for bench/quality/faces:  node draw.mjs DEST SIDE STYLE FIRST COUNT
// Appends to DEST.rgb the pixels, SIDE x SIDE x 3 bytes a face, and to DEST.jsonl what the style drew, a line a face. Faces that are there already are not drawn again, and half a face is.
import fs from 'node:fs';
import { createAvatar } from '@dicebear/core';
import { Resvg } from '@resvg/resvg-js';

const BACKGROUNDS = ['ffffff', 'b6e3f4', 'c0aede', 'd1d4f9', 'ffd5dc', 'ffdfbf', 'c8e6c9', 'fff3b0'];
const [dest, side, style, first, count] = process.argv.slice(2).map((word) => (/^\d+$/.test(word) ? +word : word));
const drawer = await import(`@dicebear/${style}`);
const [pixels, lines] = ['rgb', 'jsonl'].map((ending) => fs.openSync(`${dest}.${ending}`, fs.constants.O_RDWR | fs.constants.O_CREAT));
const known = fs.readFileSync(lines, 'utf8').split('\n').slice(0, -1);
const there = Math.min(Math.floor(fs.fstatSync(pixels).size / (3 * side * side)), known.length, count);
fs.ftruncateSync(pixels, there * 3 * side * side);
fs.ftruncateSync(lines, Buffer.byteLength(known.slice(0, there).map((line) => line + '\n').join('')));
let at = [pixels, lines].map((file) => fs.fstatSync(file).size);
for (let i = there; i < count; i++) {
  const face = createAvatar(drawer, { seed: `${style}-${first + i}`, size: side, backgroundColor: BACKGROUNDS });
  const rgba = new Resvg(face.toString(), { fitTo: { mode: 'width', value: side } }).render().pixels;
  const rgb = Buffer.alloc(3 * side * side);
  for (let p = 0; p < side * side; p++) rgba.copy(rgb, 3 * p, 4 * p, 4 * p + 3);
  const line = Buffer.from(JSON.stringify(face.toJson().extra) + '\n');
  at = [[pixels, rgb], [lines, line]].map(([file, bytes], k) => at[k] + fs.writeSync(file, bytes, 0, bytes.length, at[k]));
}
