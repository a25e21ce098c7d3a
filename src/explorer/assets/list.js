import { attribute, el, replace, setText } from './dom.js';
import { COLUMNS, chosen, termsOf } from './columns.js';

const SPARE = 8;
/** Browsers draw no element that is higher than some ten million pixels: a part of a long list is laid out, and moves along. */
const MOST_LAID = 200_000;
const narrow = matchMedia('(max-width: 700px)');

/** The grid of entries: rows exist for what is in sight, and are used again. */
export class List {
  #rows; #pool = []; #base = 0; #active = -1; #queued = false; #columns = []; #height = 30;
  #body = el('div', { role: 'rowgroup', class: 'rows' });
  #head = el('div', { role: 'row', class: 'row head', 'aria-rowindex': 1 });
  #only = el('button', { type: 'button', class: 'only', tabindex: -1, on: { click: (it) => this.#narrow(it) } }, '+');
  openId = null;

  constructor(rows, { onOpen, onTerm, onScroll, onGap }) {
    Object.assign(this, { onOpen, onTerm, onScroll, onGap });
    this.#rows = rows;
    this.grid = el('div', { role: 'grid', id: 'grid', class: 'grid', tabindex: 0, 'aria-label': 'Entries, newest first', 'aria-readonly': 'true' },
      el('div', { role: 'rowgroup', class: 'heads' }, this.#head), this.#body);
    this.grid.addEventListener('scroll', () => this.#queue(), { passive: true });
    this.grid.addEventListener('click', (it) => this.#click(it));
    this.grid.addEventListener('mouseover', (it) => this.#point(it));
    this.grid.addEventListener('focus', () => { if (this.#active < 0 && rows.length) this.move(this.#firstSeen()); });
    new ResizeObserver(() => this.#queue()).observe(this.grid);
    narrow.addEventListener('change', () => this.layOut());
    this.layOut();
  }

  /** Takes the chosen columns. */
  layOut() {
    this.#height = narrow.matches ? 52 : 30;
    this.#columns = (narrow.matches ? ['status', 'method', 'path', 'took', 'actor', 'time'] : chosen()).map((name) => [name, COLUMNS.get(name)]);
    this.grid.style.setProperty('--cols', this.#columns.map(([, it]) => it.width).join(' '));
    const least = this.#columns.reduce((sum, [, it]) => sum + parseFloat(/[\d.]+/.exec(it.width)[0]), 0);
    this.grid.style.setProperty('--least', narrow.matches ? '0' : `calc(${least}em + ${this.#columns.length * 16 + 8}px)`);
    this.grid.style.setProperty('--row', `${this.#height}px`);
    attribute(this.grid, 'aria-colcount', this.#columns.length);
    replace(this.#head, this.#columns.map(([name, it]) => el('div', { role: 'columnheader', class: `cell ${name} ${it.isNumber ? 'number' : ''}` }, it.label)));
    for (const row of this.#pool) row.node.remove();
    this.#pool = [];
    this.draw();
  }

  get isAtTop() { return this.grid.scrollTop < 4 && this.#base === 0; }

  get active() { return this.#rows.at(this.#active); }

  toTop() {
    this.#base = 0;
    this.grid.scrollTop = 0;
    this.draw();
  }

  /** Forgets where the reader was: another list is shown. */
  begin() {
    this.#active = -1;
    this.toTop();
  }

  /** Keeps the place of the reader after rows were put above. */
  shift(count) {
    if (this.#active >= 0) this.#active += count;
    if (!this.isAtTop) this.grid.scrollTop += count * this.#height;
  }

  #queue() {
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      this.draw();
      this.onScroll?.();
    });
  }

  #firstSeen() { return this.#base + Math.ceil(this.grid.scrollTop / this.#height); }

  /** Draws what is in sight. */
  draw() {
    const { length } = this.#rows;
    this.#rebase(length);
    const laid = this.#lay();
    attribute(this.grid, 'aria-rowcount', this.#rows.isDone ? length + 1 : -1);
    const first = Math.max(this.#base, this.#firstSeen() - SPARE);
    const seen = Math.ceil(this.grid.clientHeight / this.#height) + 2 * SPARE;
    const end = Math.min(this.#base + laid, first + seen);
    while (this.#pool.length < seen) this.#pool.push(this.#make());
    for (const row of this.#pool) row.isUsed = false;
    for (let index = first; index < end; index += 1) this.#fill(this.#pool[index % this.#pool.length], index);
    for (const row of this.#pool) {
      if (!row.isUsed && row.index >= 0) {
        row.index = -1;
        row.node.hidden = true;
      }
    }
    const isActiveSeen = this.#active >= first && this.#active < end;
    attribute(this.grid, 'aria-activedescendant', isActiveSeen ? `row-${this.#active % this.#pool.length}` : null);
    this.#rows.want(first, end);
  }

  /** Lays out the part of the list that begins with the base; returns how many rows that are. */
  #lay() {
    const laid = Math.min(MOST_LAID, this.#rows.length - this.#base);
    this.#body.style.setProperty('height', `${laid * this.#height}px`);
    return laid;
  }

  #rebase(length) {
    const by = MOST_LAID / 2;
    const seen = this.#firstSeen() - this.#base;
    let moved = 0;
    if (this.#base >= length) moved = -this.#base;
    else if (seen > MOST_LAID * 0.75 && length - this.#base > MOST_LAID) moved = by;
    else if (seen < MOST_LAID * 0.25 && this.#base > 0) moved = -Math.min(by, this.#base);
    if (!moved) return;
    this.#base += moved;
    this.grid.scrollTop -= moved * this.#height;
  }

  #make() {
    const cells = this.#columns.map(([name, it]) => {
      const text = el('span', { class: 'text' });
      const aside = it.aside && el('span', { class: 'aside' });
      return { name, column: it, text, aside, node: el('div', { role: 'gridcell', class: `cell ${name} ${it.isNumber ? 'number' : ''}` }, el('span', { class: 'line' }, text, aside)) };
    });
    const node = el('div', { role: 'row', class: 'row', id: `row-${this.#pool.length}`, hidden: true }, cells.map((it) => it.node));
    this.#body.append(node);
    return { node, cells, index: -1, entry: null };
  }

  #fill(row, index) {
    const entry = this.#rows.at(index);
    row.isUsed = true;
    if (row.index !== index) {
      row.index = index;
      row.node.hidden = false;
      attribute(row.node, 'aria-rowindex', index + 2);
    }
    row.node.style.setProperty('transform', `translateY(${(index - this.#base) * this.#height}px)`);
    const isOpen = entry !== undefined && entry.id === this.openId && entry.kind !== 'gap';
    attribute(row.node, 'aria-selected', String(isOpen));
    row.node.classList.toggle('active', index === this.#active);
    const isSame = row.entry === entry && entry !== undefined;
    row.entry = entry;
    if (!isSame) {
      row.node.dataset.kind = entry?.kind ?? 'none';
      if (row.node.contains(this.#only)) this.#only.remove();
    }
    for (const cell of row.cells) if (!isSame || cell.name === 'time') this.#cell(cell, entry);
  }

  #cell(cell, entry) {
    const isShown = entry && (entry.kind !== 'gap' || cell.name === 'path');
    const text = isShown ? String(cell.column.text(entry)) : '';
    setText(cell.text, text);
    const aside = (isShown && cell.aside && cell.column.aside(entry)) || '';
    if (cell.aside) setText(cell.aside, aside);
    if (cell.column.style) cell.text.className = `text ${entry ? cell.column.style(entry) : ''}`;
    attribute(cell.node, 'title', text ? cell.column.title?.(entry) || text + (aside && ` ${aside}`) : null);
  }

  #rowOf(node) { return this.#pool.find((it) => it.node === node.closest?.('.row')); }

  #click(event) {
    const row = this.#rowOf(event.target);
    if (!row?.entry || event.target === this.#only) return;
    if (row.entry.kind === 'gap') return this.onGap(row.entry);
    const cell = row.cells.find((it) => it.node === event.target.closest('.cell'));
    const term = event.altKey && cell?.column.term?.(row.entry);
    if (term) return this.onTerm(...term);
    if (!getSelection().isCollapsed) return;
    this.move(row.index, { scroll: false });
    this.onOpen(row.entry.id);
  }

  #point(event) {
    if (event.target === this.#only) return;
    const row = this.#rowOf(event.target);
    const cell = row?.cells.find((it) => it.node === event.target.closest('.cell'));
    const term = row?.entry && row.entry.kind !== 'gap' && cell?.column.term?.(row.entry);
    if (!term || term[1] === null || term[1] === undefined || term[1] === '') return this.#only.remove();
    this.#only.term = term;
    attribute(this.#only, 'title', `Only ${term[0]}:${term[1]} (Alt+click)`);
    attribute(this.#only, 'aria-label', `Only ${term[0]}:${term[1]}`);
    if (this.#only.parentNode !== cell.node) cell.node.append(this.#only);
  }

  #narrow(event) {
    event.stopPropagation();
    this.onTerm(...this.#only.term);
  }

  /** Makes a row the active one, and brings it into sight. */
  move(index, { scroll = true } = {}) {
    if (!this.#rows.length) return;
    this.#active = Math.max(0, Math.min(this.#rows.length - 1, index));
    if (scroll) this.#intoSight(this.#active);
    this.draw();
  }

  #intoSight(index) {
    if (index < this.#base || index >= this.#base + MOST_LAID) {
      this.#base = Math.max(0, index - MOST_LAID / 2);
      this.#lay();
    }
    const top = (index - this.#base) * this.#height;
    const height = this.grid.clientHeight - this.#head.offsetHeight;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + this.#height > this.grid.scrollTop + height) this.grid.scrollTop = top + this.#height - height;
  }

  step(by) { this.move(this.#active < 0 ? this.#firstSeen() : this.#active + by); }

  page(by) { this.step(by * Math.max(1, Math.floor(this.grid.clientHeight / this.#height) - 2)); }

  toEnd() { this.move(this.#rows.length - 1); }

  /** Marks an entry as the open one. */
  mark(id) {
    this.openId = id;
    const index = id ? this.#rows.indexOf(id) : -1;
    if (index >= 0 && this.active?.id !== id) this.#active = index;
    this.draw();
  }

  /** What the active entry can be narrowed to. */
  terms() { return this.active && this.active.kind !== 'gap' ? termsOf(this.active) : []; }
}
