// What the masker hid: its marks in what is shown, the rule that put each there, and the names of the variables that stand for them.

import { el } from './dom.js';

const MARK = /\[(?:MASKED|WITHHELD|FILE [^\]\n]{1,120})\]|%5B(?:MASKED|WITHHELD)%5D|\bhmac\.[\da-f]{8}\.[\da-f]{32}|(?<![\w-])[\w-]{1,64}\*{4}[\w*-]{0,64}|\*{4}[\w*-]{0,64}/g;
const unescaped = (pointer) => pointer.replace(/^\//, '').replaceAll('~1', '/').replaceAll('~0', '~');
const bracketed = (pointer) => unescaped(pointer).replace(/\/([^/]*)/g, '[$1]').replace(/\[\d+\]$/, '[]');

/** The report of an entry's masker, by place and pointer. */
export class Spots {
  constructor(masked) {
    this.all = masked?.spots ?? [];
    this.count = masked?.count ?? 0;
    this.isWhole = this.count <= this.all.length;
    this.byPlace = Map.groupBy?.(this.all, (it) => it.place) ?? new Map(this.all.map((it) => [it.place, this.all.filter((of) => of.place === it.place)]));
  }

  /** Returns the spot at a pointer or below it; without a pointer the first of the place. */
  at(place, pointer) {
    const here = this.byPlace.get(place) ?? [];
    if (pointer === undefined) return here[0];
    const names = [pointer, unescaped(pointer), bracketed(pointer)];
    return here.find((it) => names.some((name) => it.pointer === name || (name && (it.pointer.startsWith(`${name}/`) || it.pointer.startsWith(`${name} `)))));
  }
}

/** Splits a text where it has marks: `[{ text, isMark }]`. */
export function split(text) {
  const out = [];
  let from = 0;
  for (const { 0: mark, index } of text.matchAll(MARK)) {
    if (index > from) out.push({ text: text.slice(from, index) });
    out.push({ text: mark, isMark: true });
    from = index + mark.length;
  }
  if (from < text.length || !out.length) out.push({ text: text.slice(from) });
  return out;
}

export const hidBy = (spot) => (spot ? `Hidden by the rule “${spot.rule}”: ${spot.bytes} bytes as sent` : 'Looks like a mark of the masker, which did not report it here');

/** Returns a text as children for `el`, its marks marked. */
export function marked(text, spot) {
  return split(text).map((it) => (it.isMark ? el('mark', { class: spot ? 'mask' : 'mask doubtful', title: hidBy(spot), keep: true }, it.text) : it.text));
}

const PREFIX = { authority: 'HOST', path: 'PATH', query: 'QUERY', request_header: 'HEADER', request_body: 'BODY' };

/** Names the variables that stand for what was hidden. They begin with their place, so that no name that a caller chose reads the operator's own environment. */
export class Variables {
  #names = new Map();

  constructor(spots) {
    this.spots = spots;
    this.list = [];
  }

  name(place, hint, spot) {
    let base = hint.split(/[/[\] ]+/).filter((it) => it && !/^\d+$/.test(it)).slice(-1)[0] ?? 'VALUE';
    base = base.toUpperCase().replace(/[^A-Z0-9]+/g, '_').replace(/^_|_$/g, '').slice(0, 40) || 'VALUE';
    const bare = place === 'request_header' && /^(AUTHORIZATION|X_.*)$/.test(base);
    if (!bare) base = `${hint.startsWith('cookie ') ? 'COOKIE' : PREFIX[place] ?? 'VALUE'}_${base}`;
    const count = (this.#names.get(base) ?? 0) + 1;
    this.#names.set(base, count);
    const name = count > 1 ? `${base}_${count}` : base;
    this.list.push({ name, place, pointer: spot?.pointer ?? hint, spot });
    return name;
  }

  /** Splits a text into pieces: texts as they are, and `{ name }` where a variable stands for what was hidden. */
  pieces(text, place, pointer) {
    const spot = this.spots.at(place, pointer);
    if (!spot && (this.spots.isWhole || !this.spots.count)) return [text];
    return split(text).map((it) => (it.isMark ? { name: this.name(place, spot?.pointer ?? pointer ?? '', spot) } : it.text));
  }

  /** As `pieces`, of a body whose tree says where in the text its leaves are. */
  piecesOf(text, place, tree) {
    if (!tree || tree.end === 0 || !this.spots.at(place)) return this.pieces(text, place);
    const out = [];
    let from = 0;
    const walk = (node, path) => {
      if (node.children) {
        for (const child of node.children) walk(child, `${path}/${String(child.key ?? child.index).replaceAll('~', '~0').replaceAll('/', '~1')}`);
      } else {
        out.push(text.slice(from, node.start), ...this.pieces(text.slice(node.start, node.end), place, path));
        from = node.end;
      }
    };
    walk(tree, '');
    out.push(text.slice(from));
    return join(out);
  }
}

/** Joins texts that follow each other. */
export const join = (pieces) => pieces.flat().reduce((all, it) => {
  if (typeof it === 'string' && typeof all.at(-1) === 'string') all.push(all.pop() + it);
  else if (it !== '') all.push(it);
  return all;
}, []);
