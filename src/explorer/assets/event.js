import { button, Tree } from './body.js';
import { differences, table } from './diff.js';
import { el } from './dom.js';
import { of } from './nodes.js';
import { ago, exact } from './time.js';

const findings = (title, list) => list?.length > 0 && [el('h4', {}, title), el('ul', {}, list.map((it) => el('li', {}, it.pointer && [el('code', {}, it.pointer), ' '], it.message)))];

/** Shows what an event changed, and what it said. */
function details({ change, errors, alerts, data }, spots) {
  const fields = change?.fields?.map((it) => ({ pointer: it.pointer, before: 'before' in it ? of(it.before) : null, after: 'after' in it ? of(it.after) : null }));
  return [
    fields?.length > 0 && table(fields, ['Before', 'After'], Math.max(0, change.fields_count - fields.length)),
    change && !fields?.length && differences(of(change.before), of(change.after), ['Before', 'After']),
    change && el('details', {}, el('summary', {}, 'Both objects'), el('div', { class: 'sides' }, ['before', 'after'].map((it) => el('div', { class: 'code' }, el('p', { class: 'muted' }, it), new Tree(of(change[it]), (at) => spots?.at(`event_${it}`, at)).node)))),
    findings('Errors', errors), findings('Alerts', alerts),
    data !== null && data !== undefined && [el('h4', {}, 'Data'), el('div', { class: 'code' }, new Tree(of(data), (at) => spots?.at('event_data', at)).node)],
  ];
}

const facts = ({ event, created_at: time }, at) => el('p', { class: 'glance' },
  [['category', event.category], ['action', event.action], ['ref', event.ref_id]].map(([name, value]) => value && button({ class: 'term', on: { click: () => at.addTerm(name, value) } }, value)),
  el('time', { datetime: time }, exact(time, { withDate: true })), el('span', { class: 'muted' }, ago(time)));

/** Shows an event under the exchange that it happened in. */
export const changes = (it, at) => el('section', { class: 'event' }, el('h4', {}, it.event.title ?? `${it.event.category} ${it.event.action}`), facts(it, at), details(it.event));

/** Shows an event that stands alone. */
export const eventBody = (it, at, spots) => [
  facts(it, at),
  it.event.exchange && el('p', {}, button({ on: { click: () => at.open(it.event.exchange) } }, 'Open the exchange in which it happened')),
  details(it.event, spots),
];
