// A body as a tree that is drawn only where it is unfolded, or as the text that it is, with a search in either.

import { el, say } from './dom.js';
import { hidBy, marked } from './masks.js';
import { pointer, read, write } from './nodes.js';
import { bytes } from './time.js';
import { reason } from './words.js';

const ROWS = 200;
const AT_FIRST = 120;
const LONG = 2000;
const PIECE = 32_768;
const MOST_FOUND = 5000;

export const button = (props, ...children) => el('button', { type: 'button', ...props }, ...children);

/** Copies a text, also where the page did not come over a secure connection. */
export async function copy(text, from) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = el('textarea', { readonly: true, class: 'unseen' });
    box.value = text;
    from.after(box);
    box.select();
    document.execCommand('copy');
    box.remove();
    from.focus();
  }
  from.dataset.label ??= from.textContent;
  from.textContent = 'Copied';
  say('Copied');
  setTimeout(() => { from.textContent = from.dataset.label; }, 1500);
}

export const copyButton = (label, text, name) => button({ class: 'small', 'aria-label': name, on: { click: (it) => copy(text(), it.currentTarget) } }, label);

/** A tree: `spotAt(pointer)` gives what the masker reported there. */
export class Tree {
  #views = new Map();

  constructor(root, spotAt = () => null) {
    Object.assign(this, { root, spotAt });
    this.node = el('div', { class: 'tree' }, this.#row(root));
    this.#unfold();
  }

  /** Opens from the top as much as can be looked over. */
  #unfold() {
    const queue = [this.root];
    let left = AT_FIRST;
    for (const node of queue) {
      const count = node.children?.length;
      if (!count || (node !== this.root && count > left)) continue;
      left -= Math.min(count, ROWS);
      this.#open(this.#views.get(node));
      queue.push(...node.children.slice(0, ROWS));
    }
  }

  #row(node) {
    const key = node.key === undefined ? null : [el('span', { class: 'key' }, JSON.stringify(node.key)), ': '];
    if (!node.children?.length) {
      const row = el('div', { class: 'row' }, key, this.#leaf(node));
      this.#views.set(node, { row });
      return row;
    }
    const [open, close] = node.kind === 'object' ? '{}' : '[]';
    const view = this.#fold([key, open, el('span', { class: 'folded' }, ` ${node.children.length} ${close}`)], node.children, 0);
    this.#views.set(node, view);
    view.details.append(el('div', { class: 'row end' }, node.cut ? !node.children.at(-1).cut && el('span', { class: 'cut' }, 'cut here') : close));
    return view.details;
  }

  /** What is long is folded into ranges, so that no click draws more than a screen or two. */
  #fold(label, children, from) {
    const row = el('summary', { class: 'row' }, label);
    const inner = el('div', { class: 'inner' });
    const view = { row, inner, children, from, ranges: null, isDrawn: false };
    view.details = el('details', { on: { toggle: () => view.details.open && this.#draw(view) } }, row, inner);
    return view;
  }

  #draw(view) {
    if (view.isDrawn) return;
    view.isDrawn = true;
    const { children, from, inner } = view;
    if (children.length <= ROWS) return inner.append(...children.map((it) => this.#row(it)));
    view.size = ROWS ** Math.floor(Math.log(children.length - 1) / Math.log(ROWS));
    view.ranges = [];
    for (let at = 0; at < children.length; at += view.size) {
      const part = children.slice(at, at + view.size);
      view.ranges.push(this.#fold(el('span', { class: 'folded' }, `${from + at} … ${from + at + part.length - 1}`), part, from + at));
    }
    inner.append(...view.ranges.map((it) => it.details));
    return this.#open(view.ranges[0]);
  }

  #open(view) {
    this.#draw(view);
    view.details.open = true;
  }

  #leaf(node) {
    const cut = node.cut && el('span', { class: 'cut' }, 'cut here');
    if (node.children) return [node.kind === 'object' ? '{}' : '[]', cut];
    const text = node.kind === 'string' ? JSON.stringify(node.text) : node.text;
    const shown = (it) => marked(it, it.includes('*') || it.includes('[') || it.includes('%5B') || it.includes('hmac.') ? this.spotAt(pointer(node)) : null);
    const value = el('span', { class: node.kind }, shown(text.slice(0, LONG)));
    const more = text.length > LONG && button({ class: 'small', on: { click: () => { value.replaceWith(el('span', { class: node.kind }, shown(text))); more.remove(); } } }, `… all of ${bytes(text.length)}`);
    return [value, more, cut];
  }

  find(text) {
    const asked = text.toLowerCase();
    const found = [];
    const stack = [this.root];
    while (stack.length && found.length < MOST_FOUND) {
      const node = stack.pop();
      if (node.key?.toLowerCase().includes(asked) || node.text?.toLowerCase().includes(asked)) found.push(node);
      for (let at = (node.children?.length ?? 0) - 1; at >= 0; at -= 1) stack.push(node.children[at]);
    }
    return found;
  }

  /** Opens what a node is in, and returns its row. */
  reveal(node) {
    const above = [];
    for (let at = node; at.parent; at = at.parent) above.unshift(at);
    for (const it of above) {
      let view = this.#views.get(it.parent);
      for (this.#open(view); view.ranges; this.#open(view)) view = view.ranges[Math.floor((it.index - view.from) / view.size)];
    }
    const { row } = this.#views.get(node);
    row.classList.add('hit');
    return row;
  }

  unreveal(node) { this.#views.get(node)?.row.classList.remove('hit'); }
}

/** A text, drawn piece by piece. */
export class Text {
  #pieces = [];

  constructor(text, spot) {
    Object.assign(this, { text, spot });
    this.node = el('pre', { tabindex: '0', class: 'text' });
    this.more = button({ class: 'small', on: { click: () => this.#draw() } });
    this.#draw();
  }

  get #end() { return this.#pieces.at(-1)?.end ?? 0; }

  #draw() {
    const start = this.#end;
    let end = this.text.length - start < PIECE * 1.5 ? this.text.length : this.text.lastIndexOf('\n', start + PIECE) + 1;
    if (end <= start) end = start + PIECE;
    if (/[\ud800-\udbff]/.test(this.text[end - 1])) end += 1;
    const piece = el('span', { keep: true }, marked(this.text.slice(start, end), this.spot));
    this.#pieces.push({ start, end, piece });
    this.node.append(piece);
    this.more.remove();
    if (end < this.text.length) {
      this.more.textContent = `More: ${bytes(this.text.length - end)}`;
      this.node.append(this.more);
    }
  }

  find(text) {
    const found = [];
    for (const it of this.text.matchAll(new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'gi'))) {
      found.push({ start: it.index, end: it.index + it[0].length });
      if (found.length === MOST_FOUND) break;
    }
    return found;
  }

  reveal(hit) {
    while (this.#end <= hit.start) this.#draw();
    const at = this.#pieces.find((it) => hit.start < it.end);
    const mark = el('mark', { class: 'hit', keep: true }, this.text.slice(hit.start, hit.end));
    const part = (from, to) => el('span', { keep: true }, this.text.slice(from, to));
    at.piece.replaceChildren(part(at.start, hit.start), mark, part(hit.end, Math.max(hit.end, at.end)));
    return mark;
  }

  unreveal(hit) {
    const at = this.#pieces.find((it) => hit.start < it.end);
    at?.piece.replaceChildren(...el('span', { keep: true }, marked(this.text.slice(at.start, at.end), this.spot)).childNodes);
  }
}

function search(view, label) {
  const said = el('span', { class: 'muted', role: 'status' });
  let [found, at] = [[], -1];
  const go = (step) => {
    if (at >= 0) view().unreveal(found[at]);
    if (!found.length) return;
    at = (at + step + found.length) % found.length;
    view().reveal(found[at]).scrollIntoView({ block: 'nearest' });
    said.textContent = `${at + 1} of ${found.length}${found.length === MOST_FOUND ? ' or more' : ''}`;
  };
  const look = () => {
    if (at >= 0 && found[at]) view().unreveal(found[at]);
    found = box.value ? view().find(box.value) : [];
    at = -1;
    said.textContent = box.value && !found.length ? 'Not found' : '';
    go(1);
  };
  const box = el('input', { type: 'search', placeholder: 'Search', 'aria-label': `Search in the body of the ${label}`, on: {
    input: look,
    keydown: (it) => {
      if (it.key === 'Enter') { it.preventDefault(); go(it.shiftKey ? -1 : 1); }
      if (it.key === 'Escape' && box.value) { it.stopPropagation(); box.value = ''; look(); }
    },
  } });
  return { nodes: [box, said], forget: () => { if (at >= 0) view().unreveal(found[at]); at = -1; }, look };
}

/** Says what there is of a body: nothing, a part, or why none. */
function state(body) {
  const seen = `${bytes(body.bytes_seen)} passed`;
  const coded = body.decoded_bytes === null ? '' : `, ${bytes(body.decoded_bytes)} decoded`;
  if (body.state === 'truncated') return el('p', { class: 'mark' }, el('strong', {}, 'Cut'), ` — ${reason(body)}. Shown: ${bytes(new Blob([body.text ?? '']).size)} of ${bytes(body.decoded_bytes ?? body.bytes_seen)} (${seen}${coded}).`);
  if (body.state === 'withheld') return el('p', { class: 'mark' }, el('strong', {}, 'Withheld'), ` — ${reason(body)}. ${seen}${coded}. Equal bodies have an equal keyed hash: `, el('code', {}, body.keyed_hash ?? 'not told'));
  if (body.state === 'skipped') return el('p', { class: 'mark' }, el('strong', {}, 'Not kept'), ` — ${reason(body)}. ${seen}.`);
  return null;
}

export const contentType = (headers) => headers?.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';

/** Reads what a side holds: its text as a tree where it is one. */
export function bodyOf(side) {
  const { text, state: of } = side.body;
  return typeof text === 'string' ? read(text, contentType(side.headers), of === 'truncated') : { name: '', tree: null };
}

/** Shows the body of a request or response. */
export function show(side, place, label, spots) {
  const { body } = side;
  const mark = state(body);
  if (typeof body.text !== 'string') return el('div', { class: 'body' }, mark ?? el('p', { class: 'muted' }, body.state === 'empty' ? 'No body' : 'Not in this view'));
  const { name, tree } = bodyOf(side);
  const spot = spots.at(place);
  const makers = {
    ...(tree && { [name]: () => new Tree(tree, (at) => spots.at(place, at) ?? (spots.isWhole ? null : spot)) }),
    [tree ? 'Raw' : name]: () => new Text(body.text, spot),
  };
  const views = {};
  const box = el('div', { class: 'code' });
  let current;
  const find = search(() => current, label);
  const choose = (chosen) => {
    find.forget();
    try {
      current = views[chosen] ??= makers[chosen]();
    } catch (error) {
      // What cannot be drawn as what it is can be read as it came.
      console.error(error);
      return chosen === 'Raw' ? undefined : choose('Raw');
    }
    box.replaceChildren(current.node);
    for (const it of buttons) it.setAttribute('aria-pressed', String(it.dataset.view === chosen));
    find.look();
  };
  const buttons = Object.keys(makers).map((it) => button({ class: 'small', 'data-view': it, on: { click: () => choose(it) } }, it));
  const text = () => (current instanceof Tree && name === 'JSON' ? write(tree) : body.text);
  const node = el('div', { class: 'body' }, mark,
    el('div', { class: 'tools', role: 'group', 'aria-label': `Body of the ${label}` }, buttons.length > 1 ? buttons : el('span', { class: 'muted' }, name), ...find.nodes, copyButton('Copy', text, `Copy the body of the ${label}`)), box);
  choose(Object.keys(makers)[0]);
  return node;
}

export const note = (spot) => spot && el('span', { class: 'rule', title: hidBy(spot) }, `${spot.rule}, ${bytes(spot.bytes)}`);
