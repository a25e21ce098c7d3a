import { el, replace } from './dom.js';
import { brief, count, share, took } from './time.js';
import { outcomeClass, statusClass } from './columns.js';

const FIELDS = [['status', 'status', 'Statuses'], ['actor', 'actor', 'Actors'], ['client_ip', 'client', 'Clients'], ['outcome', 'outcome', 'Outcomes']];
const COLUMNS = [['Route', (it) => it.value], ['Calls', (it) => it.calls], ['Failed', (it) => it.failed / it.calls], ['p50', (it) => it.latency.p50_micros], ['p95', (it) => it.latency.p95_micros], ['p99', (it) => it.latency.p99_micros]];

/** Who calls what, and how it goes: a click on a value narrows the list to it. */
export class Tops {
  #routes = []; #by = 1; #more = false;
  #table = el('div', { class: 'scroll' });
  #rest = el('div', { class: 'facets' });

  constructor(node, { onTerm }) {
    this.onTerm = onTerm;
    replace(node, el('h2', {}, 'Routes'), this.#table, this.#rest);
  }

  get isBusy() { return this.#table.parentNode?.matches(':active, :focus-within'); }

  async load(source, params, signal) {
    const { facets } = await source.facets(['route', ...FIELDS.map(([field]) => field)], params, { signal, limit: 30 });
    if (signal.aborted) return;
    const of = (field) => facets.find((it) => it.field === field) ?? { groups: [] };
    this.#routes = of('route').groups.filter((it) => it.calls);
    this.#more = of('route').has_more;
    this.#draw();
    replace(this.#rest, FIELDS.map(([field, name, title]) => this.#facet(name, title, of(field))));
  }

  clear() {
    this.#routes = [];
    replace(this.#table);
    replace(this.#rest);
  }

  #value(name, value, text = value) {
    if (value === null) return el('span', { class: 'none' }, 'none');
    return el('button', { type: 'button', class: 'value', title: value, on: { click: () => this.onTerm(name, value) } }, text);
  }

  #draw() {
    const rows = this.#routes.toSorted((a, b) => (this.#by ? COLUMNS[this.#by][1](b) - COLUMNS[this.#by][1](a) : String(a.value).localeCompare(String(b.value))));
    const head = COLUMNS.map(([label], index) => el('th', { scope: 'col', 'aria-sort': index === this.#by ? (index ? 'descending' : 'ascending') : null },
      el('button', { type: 'button', on: { click: () => { this.#by = index; this.#draw(); } } }, label)));
    const row = (it) => el('tr', {}, el('th', { scope: 'row' }, this.#value('route', it.value)), el('td', { title: count(it.calls) }, brief(it.calls)),
      el('td', { class: it.failed ? 'bad' : 'none' }, share(it.failed, it.calls)), ['p50', 'p95', 'p99'].map((name) => el('td', {}, took(it.latency[`${name}_micros`]))));
    replace(this.#table, rows.length ? el('table', {}, el('thead', {}, el('tr', {}, head)), el('tbody', {}, rows.map(row))) : el('p', { class: 'none' }, 'No requests.'),
      this.#more && el('p', { class: 'none' }, 'and more, with fewer calls'));
  }

  #facet(name, title, { groups, has_more: more }) {
    const shown = groups.filter((it) => it.value !== null && it.calls).slice(0, 8);
    if (!shown.length) return null;
    const colour = { status: (value) => statusClass(Number(value)), outcome: outcomeClass }[name];
    const mark = (it) => (colour ? el('i', { class: `dot ${colour(it.value)}` }) : it.failed > 0 && el('span', { class: 'bad' }, `${share(it.failed, it.calls)} failed`));
    const item = (it) => el('li', {}, this.#value(name, it.value), mark(it), el('span', { class: 'number', title: count(it.calls) }, brief(it.calls)));
    return el('section', {}, el('h2', {}, title), el('ul', {}, shown.map(item), (more || groups.length > 8) && el('li', { class: 'none' }, '…')));
  }
}
