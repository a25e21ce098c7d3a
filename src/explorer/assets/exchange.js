// One exchange: what happened at a glance, both sides of it, and what can be done with it.

import { button, contentType, copy, copyButton, note, show as showBody, Tree } from './body.js';
import { copied, panel } from './copy_as.js';
import { comparison } from './comparison.js';
import { el, replace, safeUrl } from './dom.js';
import { changes, eventBody } from './event.js';
import { Spots, marked } from './masks.js';
import { of } from './nodes.js';
import { replayPanel } from './replay.js';
import { ago, bothClocks, bytes, exact, plural, took } from './time.js';
import { failed, outcome, phrase } from './words.js';

/** Nothing goes on once the pane is gone: what still comes belongs to nodes that nobody sees. */
export const close = () => {};

export const short = (it) => (it.kind === 'event' ? it.event.title ?? `${it.event.category} ${it.event.action}` : `${it.request.method} ${it.request.path}`);

const term = (at, name, value, text = value, kind = '') => button({ class: `term ${kind}`, title: `Show only ${name}:${value}`, on: { click: () => at.addTerm(name, String(value)) } }, String(text));

function statusOf({ response, outcome: how }, at) {
  if (!response) return term(at, 'outcome', how, 'No response', 'status bad');
  const kind = response.status >= 500 ? 'bad' : response.status >= 400 ? 'warn' : 'ok';
  return term(at, 'status', response.status, `${response.status} ${phrase(response.status)}`, `status ${kind}`);
}

function timing({ timing: { to_headers_micros: head, to_last_byte_micros: end } }) {
  if (head === null) return el('p', { class: 'muted' }, `No response within ${took(end)}`);
  const bar = el('span', { class: 'bar', 'aria-hidden': 'true' }, el('span'), el('span'));
  bar.firstChild.style.setProperty('flex-grow', String(head));
  bar.lastChild.style.setProperty('flex-grow', String(Math.max(0, end - head)));
  return el('p', { class: 'timing' }, bar, el('span', {}, `${took(head)} to headers, then ${took(Math.max(0, end - head))} to the last byte`));
}

const CONTEXT = [['session', 'Session', 'session'], ['api_key', 'API key', 'key'], ['organisation', 'Organisation', 'org'], ['project', 'Project', 'project'], ['environment', 'Environment', 'env'], ['request_id', 'Request id', 'request'], ['user_agent', 'User agent', 'agent'], ['api_version', 'API version', 'version']];

function context({ context: it, id, request, weight, notes }, at) {
  const rows = [];
  const add = (name, ...value) => rows.push(el('div', {}, el('dt', {}, name), el('dd', {}, value)));
  if (request) add('Path', term(at, 'path', request.path));
  if (request?.route) add('Route', term(at, 'route', request.route));
  if (it.actor) add('Actor', term(at, 'actor', it.actor.id), ' ', [it.actor.kind, it.actor.first_name, it.actor.last_name, it.actor.email].filter(Boolean).join(' '));
  if (it.impersonator) add('Impersonated by', it.impersonator);
  for (const [field, label, name] of CONTEXT) if (it[field]) add(label, term(at, name, it[field]), field === 'project' && it.project_name ? ` ${it.project_name}` : null);
  if (it.resource) add('Resource', `${it.resource.kind} `, term(at, 'ref', it.resource.id));
  if (it.client_ip) add('Client', term(at, 'client', it.client_ip));
  if (it.peer_ip && it.peer_ip !== it.client_ip) add('Peer', it.peer_ip);
  if (it.trace_id) {
    const template = at.settings?.traceLink;
    const url = template && safeUrl(template.replaceAll('{trace_id}', encodeURIComponent(it.trace_id)));
    add('Trace', url?.startsWith('http') ? el('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, it.trace_id) : el('code', {}, it.trace_id), copyButton('Copy', () => it.trace_id, 'Copy the trace id'));
  }
  if (weight > 1) add('Weight', `stands for ${plural(weight, 'call')}, of which the others were left out by sampling`);
  for (const { name, value } of notes ?? []) add(`Note: ${name}`, value);
  add('Entry', el('code', {}, id), copyButton('Copy', () => id, 'Copy the id of the entry'));
  return el('section', {}, el('h3', {}, 'Context'), el('dl', {}, rows));
}

function fields(list, place, spots) {
  return el('table', { class: 'fields' }, el('tbody', {}, list.map(([name, value]) => {
    const spot = spots.at(place, name.toLowerCase());
    return el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, marked(value, spot), note(spot)));
  })));
}

const fold = (title, isOpen, ...children) => el('details', { open: isOpen }, el('summary', {}, el('h4', {}, title)), ...children);

function side(name, it, { params, version, leftOut }, spots) {
  const key = name.toLowerCase();
  const title = el('h3', {}, name, el('span', { class: 'muted' }, ` ${[version, contentType(it?.headers), it && bytes(it.body.bytes_seen)].filter(Boolean).join(' · ')}`));
  if (!it) return el('section', { class: 'side' }, title, el('p', { class: 'muted' }, 'There was none.'));
  return el('section', { class: 'side' }, title,
    params && Object.keys(params).length > 0 && fold('Parameters', true, el('div', { class: 'code' }, new Tree(of(params), (at) => spots.at('query', at)).node)),
    it.headers && fold(`Headers (${it.headers.length})`, it.headers.length < 16, fields(it.headers, `${key}_header`, spots)),
    leftOut && el('p', { class: 'mark' }, 'The headers were left out: the budget of captured bytes had no room for them.'),
    it.trailers?.length > 0 && fold(`Trailers (${it.trailers.length})`, true, fields(it.trailers, `${key}_trailer`, spots)),
    el('h4', {}, 'Body'), showBody(it, `${key}_body`, key, spots));
}

function hidden(spots) {
  if (!spots.count) return null;
  return fold(`Masked (${spots.count})`, false, el('table', { class: 'fields' },
    el('thead', {}, el('tr', {}, ['Place', 'Where', 'Rule', 'Bytes'].map((it) => el('th', { scope: 'col' }, it)))),
    el('tbody', {}, spots.all.map((it) => el('tr', {}, el('td', {}, it.place.replaceAll('_', ' ')), el('td', {}, el('code', {}, it.pointer)), el('td', {}, it.rule), el('td', {}, String(it.bytes)))))),
  spots.isWhole ? null : el('p', { class: 'muted' }, `The first ${spots.all.length} of ${spots.count}.`));
}

const SAME = [['actor', (it) => it.actor?.id, 'this actor'], ['api_key', (it) => it.api_key, 'this API key'], ['session', (it) => it.session, 'this session'], ['client_ip', (it) => it.client_ip, 'this client']];

/** Links to the calls before and after by whoever made this one. */
function neighbours(entry, at) {
  const [param, get, label] = SAME.find(([, it]) => it(entry.context)) ?? [];
  if (!param) return null;
  const node = el('nav', { 'aria-label': `Calls by ${label}` });
  const link = async (where, text) => {
    const { entries } = await at.source.list(new URLSearchParams({ [param]: get(entry.context), kind: 'exchange', [where]: entry.id, limit: '1', view: 'summary' }));
    const found = entries[0];
    return button({ class: 'small', disabled: !found, title: found ? short(found) : null, on: { click: () => at.open(found.id) } }, text);
  };
  Promise.all([link('after', '← Previous'), link('before', 'Next →')]).then((it) => replace(node, it[0], el('span', { class: 'muted' }, `by ${label}`), it[1]), () => node.remove());
  return node;
}

async function successOf(entry, { source }) {
  const ask = async (more) => (await source.list(new URLSearchParams({ route: entry.request.route, method: entry.request.method, status: '2xx,3xx', outcome: 'completed', limit: '1', view: 'full', ...more }))).entries[0];
  return await ask({ after: entry.id }) ?? ask({});
}

/** Buttons that each open what they are about below them, one at a time. */
function actions(entry, at, spots) {
  const box = el('div', { class: 'opened' });
  const open = (make) => async (it) => {
    const pressed = it.currentTarget;
    const isOpen = pressed.getAttribute('aria-expanded') === 'true';
    for (const other of bar.querySelectorAll('[aria-expanded]')) other.setAttribute('aria-expanded', 'false');
    box.replaceChildren();
    if (isOpen) return;
    pressed.setAttribute('aria-expanded', 'true');
    try {
      const made = await make();
      if (pressed.getAttribute('aria-expanded') === 'true') box.replaceChildren(made);
    } catch (error) {
      replace(box, el('p', { class: 'mark', role: 'alert' }, error.message));
    }
  };
  const opener = (text, make) => button({ 'aria-expanded': 'false', on: { click: open(make) } }, text);
  const quick = () => {
    const { text, variables, notes } = copied('curl', entry);
    return { text, isPlain: !variables.length && !notes.length };
  };
  const success = failed(entry) && entry.request.route && button({ 'aria-expanded': 'false', disabled: true }, 'Last success');
  if (success) {
    successOf(entry, at).then((found) => {
      if (!found) { success.textContent = 'No success of this route'; return; }
      success.disabled = false;
      success.title = `Compare with ${short(found)}, ${ago(found.created_at)}`;
      success.addEventListener('click', open(() => comparison(found, entry, ['then', 'now'], at)));
    }, () => success.remove());
  }
  const asked = () => {
    const field = el('input', { 'aria-label': 'Id of the other entry', placeholder: 'Id of an entry', size: '38', spellcheck: 'false' });
    const result = el('div');
    return el('form', { class: 'panel', on: { submit: async (it) => {
      it.preventDefault();
      try {
        result.replaceChildren(comparison(await at.source.entry(field.value.trim()), entry, ['that one', 'this one'], at));
      } catch (error) {
        replace(result, el('p', { class: 'mark', role: 'alert' }, error.message));
      }
    } } }, el('div', { class: 'tools' }, field, el('button', {}, 'Compare')), result);
  };
  const bar = el('div', { class: 'actions' },
    button({ class: 'primary', on: { click: async (it) => {
      const { currentTarget } = it;
      const { text, isPlain } = quick();
      await copy(text, currentTarget);
      if (!isPlain && !box.firstChild) as.click();
    } } }, 'Copy as curl'));
  const as = opener('Copy as…', () => panel(entry));
  bar.append(as, ...[success, opener('Compare with…', asked), at.settings?.replay && at.source.replay && opener('Replay…', () => replayPanel(entry, at, spots))].filter(Boolean));
  return [bar, box];
}

function events(entry, at) {
  const node = el('section');
  at.source.list(new URLSearchParams({ exchange: entry.id, kind: 'event', limit: '100', view: 'full' })).then(({ entries }) => {
    if (entries.length) replace(node, el('h3', {}, `Audit events (${entries.length})`), entries.map((it) => changes(it, at)));
  }, (error) => replace(node, el('p', { class: 'mark' }, `The audit events could not be read: ${error.message}`)));
  return node;
}

function head(entry, at, spots) {
  const { request, context: it } = entry;
  const how = entry.outcome === 'completed' ? null : outcome(entry.outcome);
  return [
    el('p', { class: 'glance' }, statusOf(entry, at), how && el('strong', { class: 'bad' }, how), el('span', {}, took(entry.timing.to_last_byte_micros)),
      el('time', { datetime: entry.created_at, title: bothClocks(entry.created_at) }, exact(entry.created_at, { withDate: true })), el('span', { class: 'muted' }, ago(entry.created_at)),
      it.client_ip && term(at, 'client', it.client_ip), it.actor && term(at, 'actor', it.actor.id, it.actor.email ?? it.actor.id), request.authority && el('span', { class: 'muted' }, request.authority)),
    entry.failure && el('p', { class: 'mark bad' }, marked(entry.failure, spots.at('failure'))),
  ];
}

/** Shows an entry in a container. `at` has `source`, `open`, `addTerm`, `settings` and `onTitle`. */
export async function show(container, entry, at) {
  const title = short(entry);
  at.onTitle?.(title);
  const spots = new Spots(entry.masked ?? entry.event?.masked);
  const isEvent = entry.kind === 'event';
  const { request, response } = entry;
  const name = isEvent ? el('h2', {}, title) : el('h2', {}, el('span', { class: 'method' }, request.method), ' ', el('span', { class: 'path' }, marked(request.path, spots.at('path')), request.query === null ? null : el('span', { class: 'muted' }, '?', marked(request.query, spots.at('query')))));
  replace(container, el('article', { class: 'exchange' },
    neighbours(entry, at), name,
    isEvent ? eventBody(entry, at, spots) : [
      head(entry, at, spots), timing(entry), actions(entry, at, spots),
      el('div', { class: 'sides' },
        side('Request', request, { params: request.params, version: request.version && `HTTP/${request.version}` }, spots),
        side('Response', response, { leftOut: response?.headers_left_out }, spots)),
      events(entry, at),
    ],
    context(entry, at), hidden(spots)));
}
