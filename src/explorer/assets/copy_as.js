import { button, copy, Text } from './body.js';
import { el } from './dom.js';
import { har } from './har.js';
import { prepare } from './request.js';
import { curl, httpie } from './shell.js';
import { http, rust } from './snippets.js';

const FORMS = { curl, HTTPie: httpie, '.http': http, HAR: (_, entry) => har([entry]), 'Rust test': rust };

/** Writes a request in a form: `text`, `notes` and the `variables` to fill in. */
export function copied(form, entry) {
  const request = prepare(entry);
  const text = FORMS[form](request, entry);
  return form === 'HAR' ? { text, notes: ['What was masked stays masked.'], variables: [] } : { text, notes: request.notes, variables: request.variables };
}

/** Shows a request in the forms that it can be copied in. */
export function panel(entry) {
  const box = el('div');
  const choose = (form) => {
    const { text, notes, variables } = copied(form, entry);
    for (const it of buttons) it.setAttribute('aria-pressed', String(it.textContent === form));
    box.replaceChildren(
      el('div', { class: 'code' }, new Text(text).node),
      button({ class: 'primary', on: { click: (it) => copy(text, it.currentTarget) } }, 'Copy'),
      el('ul', { class: 'notes' },
        variables.map((it) => el('li', {}, el('code', {}, `$${it.name}`), ` — ${it.place === 'file' ? `the path of the file of “${it.pointer}”` : `${it.place.replace('_', ' ')} ${it.pointer}`}${it.spot ? `: ${it.spot.bytes} bytes, hidden by ${it.spot.rule}` : ''}`)),
        notes.map((it) => el('li', {}, it))),
    );
  };
  const buttons = Object.keys(FORMS).map((it) => button({ class: 'small', on: { click: () => choose(it) } }, it));
  choose('curl');
  return el('section', { class: 'panel' }, el('h3', {}, 'Copy as'), el('div', { class: 'tools', role: 'group', 'aria-label': 'Form' }, buttons), box);
}
