// What differs between two trees, and nothing else.

import { el } from './dom.js';
import { pointer, write } from './nodes.js';

const MOST_ROWS = 300;
const MOST_CELLS = 250_000;

/** Numbers trees so that equal ones have equal numbers. The order of names does not count. */
class Numbers {
  #known = new Map();
  #of = new Map();

  of(node) {
    const known = this.#of.get(node);
    if (known) return known;
    const inner = node.children?.map((it) => `${JSON.stringify(it.key ?? '')}${this.of(it)}`);
    if (node.kind === 'object') inner.sort();
    const sign = `${node.kind} ${inner ?? node.text}`;
    if (!this.#known.has(sign)) this.#known.set(sign, this.#known.size + 1);
    this.#of.set(node, this.#known.get(sign));
    return this.#known.get(sign);
  }
}

function byName(node) {
  const seen = new Map();
  return new Map(node.children.map((it) => {
    const count = (seen.get(it.key) ?? 0) + 1;
    seen.set(it.key, count);
    return [`${count} ${it.key}`, it];
  }));
}

/** Pairs the items of two lists: what is in both in the same order stays, the rest is paired in its order. */
function aligned(a, b, numbers) {
  const [left, right] = [a.map((it) => numbers.of(it)), b.map((it) => numbers.of(it))];
  let start = 0;
  while (start < a.length && start < b.length && left[start] === right[start]) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && left[endA - 1] === right[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const [rows, columns] = [endA - start, endB - start];
  const out = [];
  for (let at = 0; at < start; at += 1) out.push([a[at], b[at]]);
  const gap = { a: [], b: [] };
  const close = () => {
    for (let at = 0; at < Math.max(gap.a.length, gap.b.length); at += 1) out.push([gap.a[at], gap.b[at]]);
    gap.a = [];
    gap.b = [];
  };
  if (rows * columns > MOST_CELLS) {
    gap.a = a.slice(start, endA);
    gap.b = b.slice(start, endB);
  } else {
    const width = columns + 1;
    const longest = new Uint32Array((rows + 1) * width);
    for (let i = rows - 1; i >= 0; i -= 1) {
      for (let j = columns - 1; j >= 0; j -= 1) {
        longest[i * width + j] = left[start + i] === right[start + j]
          ? longest[(i + 1) * width + j + 1] + 1
          : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
      }
    }
    let [i, j] = [0, 0];
    while (i < rows || j < columns) {
      if (i < rows && j < columns && left[start + i] === right[start + j]) {
        close();
        out.push([a[start + i++], b[start + j++]]);
      } else if (j === columns || (i < rows && longest[(i + 1) * width + j] >= longest[i * width + j + 1])) gap.a.push(a[start + i++]);
      else gap.b.push(b[start + j++]);
    }
  }
  close();
  for (let at = endA; at < a.length; at += 1) out.push([a[at], b[endB + at - endA]]);
  return out;
}

/** Compares two trees: `rows` of `{ pointer, before, after }`, either of which may be missing, and `equal`, what is the same. */
export function compare(before, after) {
  const numbers = new Numbers();
  const found = { rows: [], equal: [] };
  const walk = (a, b) => {
    if (a && b && numbers.of(a) === numbers.of(b)) found.equal.push(a);
    else if (a?.kind === 'object' && b?.kind === 'object') {
      const [left, right] = [byName(a), byName(b)];
      for (const [name, it] of left) walk(it, right.get(name));
      for (const [name, it] of right) if (!left.has(name)) walk(undefined, it);
    } else if (a?.kind === 'array' && b?.kind === 'array') {
      for (const [x, y] of aligned(a.children, b.children, numbers)) walk(x, y);
    } else found.rows.push({ pointer: pointer(a ?? b), before: a, after: b });
  };
  walk(before, after);
  return found;
}

/** Shows rows of a comparison under the names of its two sides. */
export function table(rows, [before, after], rest = 0) {
  const cell = (node, kind, sign) => el('td', { class: node ? kind : 'none' }, node
    ? [el('span', { class: 'sign', 'aria-hidden': 'true' }, sign), el('code', {}, write(node, 600))]
    : el('span', { class: 'muted' }, 'not there'));
  const more = Math.max(0, rows.length - MOST_ROWS) + rest;
  return el('table', { class: 'diff' },
    el('thead', {}, el('tr', {}, ...['Where', before, after].map((it) => el('th', { scope: 'col' }, it)))),
    el('tbody', {}, rows.slice(0, MOST_ROWS).map((it) => el('tr', {},
      el('th', { scope: 'row' }, el('code', {}, it.pointer || '(all of it)')),
      cell(it.before, 'gone', '−'), cell(it.after, 'come', '+')))),
    more > 0 && el('tfoot', {}, el('tr', {}, el('td', { colspan: '3' }, `and ${more} more`))));
}

/** Shows what differs between two trees, the rest folded. */
export function differences(before, after, sides) {
  const { rows, equal } = compare(before, after);
  if (!rows.length) return el('p', { class: 'muted' }, 'The same');
  return [
    table(rows, sides),
    equal.length > 0 && el('details', { class: 'equal' },
      el('summary', {}, `${equal.length} the same`),
      el('p', {}, el('code', {}, equal.slice(0, MOST_ROWS).map((it) => pointer(it) || '(all of it)').join('  ')))),
  ];
}
