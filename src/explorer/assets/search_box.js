import { attribute, el, replace } from './dom.js';
import { names, tokens } from './query.js';
import { brief } from './time.js';

const FIELDS = new Set(['method', 'route', 'path', 'status', 'actor', 'api_key', 'organisation', 'project', 'environment', 'client_ip', 'user_agent', 'api_version', 'outcome', 'kind', 'category', 'action']);
const FIXED = { status: ['>=500', '4xx', '2xx'], took: ['>100ms', '>1s', '>10s'], since: ['-15m', '-1h', '-1d'], until: ['-15m', '-1h', '-1d'] };
const quote = (text) => (/^[^\s"]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`);

/** The field in which a query is written: names are completed, and values with those that the log has. */
export class SearchBox {
  #input = document.getElementById('q');
  #list = document.getElementById('choices');
  #error = document.getElementById('q-error');
  #clear = document.getElementById('clear');
  #choices = []; #at = -1; #turn = 0;

  constructor({ onQuery, values }) {
    Object.assign(this, { onQuery, values });
    const input = this.#input;
    input.addEventListener('input', () => this.#suggest());
    input.addEventListener('focus', () => this.#suggest());
    input.addEventListener('blur', () => this.#close());
    input.addEventListener('keydown', (it) => this.#key(it));
    this.#list.addEventListener('mousedown', (it) => {
      it.preventDefault();
      const index = [...this.#list.children].indexOf(it.target.closest('[role=option]'));
      if (index >= 0) this.#take(index);
    });
    this.#clear.addEventListener('click', () => { this.show(''); onQuery(''); input.focus(); });
  }

  show(text, error = null) {
    this.#input.value = text;
    this.#clear.hidden = !text;
    this.fail(error);
  }

  fail(error) {
    replace(this.#error, error ?? '');
    attribute(this.#input, 'aria-invalid', error ? 'true' : null);
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  #word() {
    const at = this.#input.selectionStart;
    const text = this.#input.value;
    const found = tokens(text).find((it) => it.start < at && at <= it.end) ?? { name: null, value: '', start: at, valueStart: at, end: at };
    return { ...found, typed: text.slice(found.valueStart, at).replace(/^"/, '') };
  }

  async #suggest() {
    this.#clear.hidden = !this.#input.value;
    const word = this.#word();
    const turn = this.#turn += 1;
    if (word.name === null) {
      const typed = word.typed.toLowerCase();
      return this.#show(names().filter((it) => it.name.startsWith(typed)).map((it) => ({ text: `${it.name}:`, hint: it.hint, start: word.start, end: word.end })));
    }
    const known = names().find((it) => it.name === word.name.toLowerCase() || it.param === word.name.toLowerCase());
    let found = (FIXED[known?.name] ?? known?.values ?? []).map((text) => ({ text, hint: '' }));
    if (FIELDS.has(known?.param)) {
      await new Promise((done) => { setTimeout(done, 120); });
      if (turn !== this.#turn) return;
      const groups = await this.values(known.param).catch(() => []);
      if (turn !== this.#turn) return;
      const stored = groups.filter((it) => it.value !== null).map((it) => ({ text: String(it.value), hint: brief(it.entries) }));
      found = [...stored, ...found.filter((it) => !stored.some((other) => other.text === it.text))];
    }
    const typed = word.typed.toLowerCase();
    this.#show(found.filter((it) => it.text.toLowerCase().includes(typed) && it.text !== word.typed).slice(0, 12)
      .map((it) => ({ ...it, text: quote(it.text), start: word.valueStart, end: word.end, isValue: true })));
  }

  #show(choices) {
    if (document.activeElement !== this.#input) return;
    [this.#choices, this.#at] = [choices, -1];
    replace(this.#list, choices.map((it, index) => el('div', { role: 'option', id: `choice-${index}`, 'aria-selected': 'false' }, el('span', {}, it.text), el('small', {}, it.hint))));
    this.#list.hidden = !choices.length;
    attribute(this.#input, 'aria-expanded', String(choices.length > 0));
    attribute(this.#input, 'aria-activedescendant', null);
  }

  #close() {
    this.#turn += 1;
    this.#show([]);
    this.#list.hidden = true;
    attribute(this.#input, 'aria-expanded', 'false');
  }

  #take(index) {
    const { text, start, end, isValue } = this.#choices[index];
    const all = this.#input.value;
    this.#input.value = `${all.slice(0, start)}${text}${isValue ? ' ' : ''}${all.slice(end).trimStart()}`;
    const at = start + text.length + (isValue ? 1 : 0);
    this.#input.setSelectionRange(at, at);
    if (isValue) this.#apply();
    this.#suggest();
  }

  #apply() { this.onQuery(this.#input.value.trim()); }

  #key(event) {
    const last = this.#choices.length - 1;
    if (['ArrowDown', 'ArrowUp'].includes(event.key) && last >= 0) {
      const by = event.key === 'ArrowDown' ? 1 : -1;
      this.#list.children[this.#at]?.setAttribute('aria-selected', 'false');
      this.#at = this.#at + by < -1 ? last : this.#at + by > last ? -1 : this.#at + by;
      const node = this.#list.children[this.#at];
      node?.setAttribute('aria-selected', 'true');
      node?.scrollIntoView({ block: 'nearest' });
      attribute(this.#input, 'aria-activedescendant', node?.id ?? null);
    } else if (event.key === 'Enter') {
      if (this.#at >= 0) this.#take(this.#at);
      else { this.#apply(); this.#close(); }
    } else if (event.key === 'Tab' && this.#at >= 0) this.#take(this.#at);
    else if (event.key === 'Escape' && last >= 0) this.#close();
    else if (event.key === 'Escape') document.getElementById('grid')?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
