import { attribute, el, replace, say, setText } from './dom.js';
import { Remote, credential, useSession, withParams } from './source.js';
import { parse, toParams, moment, withTerm } from './query.js';
import { PRESETS, PRESET_NAMES, count, exact, limits, now, plural } from './time.js';
import { go, onState, remembered, spanOf, state } from './state.js';
import { Rows } from './rows.js';
import { List } from './list.js';
import { Timeline } from './timeline.js';
import { Sums } from './sums.js';
import { stateOf } from './states.js';
import { Tops } from './tops.js';
import { Live } from './live.js';
import { SearchBox } from './search_box.js';
import { ledgerBanner } from './ledger.js';
import { fillColumns, fillMenu, paint } from './menu.js';
import { bind, show as showDialog } from './keys.js';
import { onNarrow, pane } from './pane.js';
import { signIn } from './sign_in.js';

const by = (id) => document.getElementById(id);
const meta = (name) => document.querySelector(`meta[name="api-log:${name}"]`)?.content ?? null;
const settings = { traceLink: meta('trace-link'), replay: meta('replay'), title: meta('title') ?? 'API log' };
const remote = new Remote();
let source = remote;
let file = null;
let asked = null;
let wantsLive = true;
let held = { entries: [], more: 0 };
let isSignedOut = false;
let lastPreset = '24h';

paint();
setText(by('title'), settings.title);
const rows = new Rows(() => drawList(), () => list.begin());
const list = new List(rows, { onOpen: (id) => open(id), onTerm: addTerm, onScroll: release, onGap: reload });
const place = el('div', { class: 'state' });
const counted = el('span', { class: 'counted' });
const fresh = el('button', { type: 'button', class: 'fresh', hidden: true, on: { click: flush } });
replace(by('list'), el('div', { class: 'line' }, counted,
  el('button', { type: 'button', popovertarget: 'columns' }, 'Columns'),
  el('button', { type: 'button', id: 'overview', on: { click: toggleOverview } }, 'Overview')), list.grid, fresh, place);
const timeline = new Timeline(by('timeline'), { onRange: (from, to) => go({ range: spanOf(from, to) }) });
const tops = new Tops(pane.overview, { onTerm: addTerm });
const sums = new Sums(timeline, tops, counted);
const box = new SearchBox({ onQuery: (q) => (q === state.q ? reload() : go({ q })), values });
const live = new Live({ onEntries, onLedger: (it) => banners({ ledger: it }), onState: showLive });

function addTerm(name, value) {
  go({ q: withTerm(state.q, name, value) });
  say(`Only ${name}:${value}`);
}

/** What is asked of the source: of the list, and without the text that has no sums. */
function ask() {
  const { terms, error } = parse(state.q);
  box.show(state.q, error);
  if (error) return null;
  const { from, to } = limits(state.range);
  const params = toParams(terms);
  const bounds = {};
  for (const [name, at] of [['from', from], ['to', to]]) {
    if (params.has(name)) bounds[name] = moment(params.get(name), name === 'to', now());
    else if (at !== null) {
      bounds[name] = at;
      params.set(name, new Date(at).toISOString());
    }
  }
  const summed = new URLSearchParams(params);
  summed.delete('search');
  return { terms, params: withParams(params, { view: 'summary' }), summed, ...bounds, hasText: params.has('search') };
}

async function reload() {
  const next = ask();
  if (!next) {
    if (rows.isStale) showState([el('p', {}, 'The filter cannot be read.'), button('Clear the filter', () => go({ q: '' }))]);
    return;
  }
  asked = next;
  hold(null);
  by('list').ariaBusy = 'true';
  live.stop();
  const begun = now();
  const listed = rows.reset(source, asked.params);
  sums.load(source, asked).then(() => say(counted.textContent, false));
  await listed;
  if (asked !== next) return;
  list.mark(state.id);
  follow(begun);
}

/** Follows what comes after the newest entry, or, where there is none, after the moment in which the list was asked for. */
function follow(begun) {
  const canFollow = wantsLive && source.tail && !rows.error && asked && !asked.to;
  if (!canFollow) return live.stop();
  const params = new URLSearchParams(asked.params);
  params.delete('from');
  live.start(source, params, rows.newestId ?? idAt(begun));
}

function idAt(at) {
  const digits = Math.floor(at).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-000000000000`;
}

async function values(field) {
  const rest = new URLSearchParams(asked?.summed);
  rest.delete(field);
  return (await source.stats(withParams(rest, { by: field, limit: 50 }))).groups;
}

function drawList() {
  list.draw();
  by('list').ariaBusy = String(rows.isLoading && (rows.isStale || !rows.length));
  const { error } = rows;
  if (error?.status === 401 && !error.isTold) askToken(error);
  if (error?.status === 400) box.fail(error.detail ?? error.title);
  const children = stateOf(rows, state, { clear: () => go({ q: '' }), allTime: () => go({ range: 'all' }), signIn: () => signIn(signedIn), again: () => (rows.length ? rows.retry() : reload()) });
  showState(children);
}

function showState(children) {
  place.hidden = !children;
  list.grid.classList.toggle('empty', Boolean(children) && !rows.length);
  replace(place, children ?? []);
}

const button = (text, click) => el('button', { type: 'button', on: { click } }, text);

function askToken(error) {
  error.isTold = true;
  const wasWrong = credential.has();
  credential.clear();
  if (!isSignedOut) signIn(signedIn, wasWrong ? 'The service does not accept this token.' : null);
}

function onEntries(entries, more) {
  if (source !== remote) return;
  if (list.isAtTop && !held.entries.length) insert(entries, more);
  else hold(entries, more);
  sums.renew(source, asked);
}

function insert(entries, more) {
  const added = rows.prepend(entries, more);
  if (!added) return;
  list.shift(added);
  drawList();
}

function hold(entries, more = 0) {
  if (entries === null) held = { entries: [], more: 0 };
  else {
    held.entries.push(...entries);
    held.more += more ?? 1;
    if (held.entries.length > 1000) held.more += held.entries.splice(0, held.entries.length - 1000).length;
  }
  const number = held.entries.length + held.more;
  fresh.hidden = !number;
  setText(fresh, `↑ ${count(number)} new`);
}

function flush() {
  const { entries, more } = held;
  hold(null);
  list.toTop();
  if (more) return reload();
  insert(entries, 0);
}

function release() {
  if (list.isAtTop && held.entries.length) flush();
}

function showLive(how, error) {
  const node = by('live');
  node.hidden = source !== remote;
  attribute(node, 'aria-pressed', String(how === 'on' || how === 'waiting'));
  node.dataset.how = how;
  const texts = { on: 'Live', off: 'Live', waiting: 'Live …', refused: 'Live' };
  setText(node, texts[how]);
  attribute(node, 'title', how === 'waiting' ? 'The connection is lost and tried again' : error ? `Not live: ${error.title}` : how === 'on' ? 'New entries come in by themselves. Pause (t)' : 'Follow new entries (t)');
}

function toggleLive() {
  wantsLive = by('live').ariaPressed !== 'true';
  if (wantsLive && asked?.to) return go({ range: '15m' });
  if (!wantsLive) { live.stop(); say('Paused'); } else reload().then(() => say('Live'));
}

function toggleOverview() {
  if (state.id) go({ id: null });
  else pane.toggle();
  layOut();
}

let shownId = null;
let opening;

function layOut() {
  pane.lay(state.id !== null, () => { if (state.id) close(); else toggleOverview(); });
  attribute(by('overview'), 'aria-pressed', String(pane.isShown && !state.id));
}

function open(id, { inPlace = false } = {}) { go({ id }, { inPlace }); }

async function showEntry() {
  layOut();
  list.mark(state.id);
  if (state.id === shownId) return;
  shownId = state.id;
  opening?.abort();
  opening = new AbortController();
  const { signal } = opening;
  if (!state.id) document.title = settings.title;
  try {
    const exchange = await import('./exchange.js');
    if (signal.aborted) return;
    exchange.close?.();
    if (!state.id) return;
    const entry = await source.entry(state.id, { signal });
    if (signal.aborted) return;
    await exchange.show(pane.detail, entry, { source, open, addTerm, settings, onTitle: (title) => { document.title = `${title} · ${settings.title}`; } });
  } catch (error) {
    if (signal.aborted) return;
    if (!error.title) console.error(error);
    const again = () => { shownId = null; showEntry(); };
    replace(pane.detail, el('div', { class: 'state' }, error.status === 404 ? [el('p', {}, 'This entry is not in the log, or no longer.')] : error.status === 401 ? [button('Sign in', () => signIn(() => { reload(); again(); }))] : [el('p', {}, error.title ?? 'The page failed to show this entry.'), el('p', {}, error.detail ?? error.message), button('Try again', again)]));
  }
}

function close() {
  if (!state.id) return false;
  go({ id: null });
  list.grid.focus();
}

function step(how) {
  how();
  list.grid.focus();
  if (!state.id) return;
  clearTimeout(step.timer);
  step.timer = setTimeout(() => { if (list.active && list.active.kind !== 'gap') open(list.active.id, { inPlace: true }); }, 120);
}

function drawRange() {
  const isSpan = !PRESETS.has(state.range);
  if (!isSpan) lastPreset = state.range;
  const options = [...PRESET_NAMES].map(([name, label]) => el('button', { type: 'button', 'aria-pressed': String(state.range === name), title: label, on: { click: () => (state.range === name ? reload() : go({ range: name })) } }, name === 'all' ? 'All' : name));
  const span = isSpan && state.range.split('..').map((it) => exact(it).replace(/\.\d+$/, ''));
  replace(by('range'), options, isSpan && el('button', { type: 'button', class: 'span', 'aria-pressed': 'true', title: 'Zoom out', on: { click: () => go({ range: lastPreset }) } }, `${span[0]} – ${span[1]} ×`));
}

const shown = { ledger: null };
function banners(changes) {
  Object.assign(shown, changes);
  replace(by('banners'), source.kind === 'file' && el('p', { class: 'banner file' }, `You look at the file ${file}, not at the log${source.skipped ? ` (${plural(source.skipped, 'part')} of it could not be read)` : ''}. `, button('Back to the log', () => use(remote))), source === remote && ledgerBanner(shown.ledger), !navigator.onLine && el('p', { class: 'banner' }, 'You are offline.'));
}

function use(next, name = null) {
  [source, file] = [next, name];
  live.stop();
  banners({});
  menu();
  const before = { ...state };
  go({ q: '', id: null, range: next === remote ? '24h' : 'all' });
  if (before.q === state.q && before.range === state.range) reload();
}

async function openFile(chosen) {
  if (!chosen) return;
  try {
    const opened = await (await import('./file_source.js')).openFile(chosen);
    use(opened, chosen.name);
  } catch (error) {
    showDialog('The file cannot be read', el('p', {}, error.message));
  }
}

function exported() {
  const params = new URLSearchParams(asked.params);
  params.delete('view');
  return params;
}

function menu() {
  fillMenu({
    isFile: source !== remote,
    isSignedIn: credential.has(),
    onLook: look,
    onFile: () => by('file').click(),
    onKeys: () => dispatchEvent(new KeyboardEvent('keydown', { key: '?' })),
    onSign: () => { if (!credential.has()) return signIn(signedIn); credential.clear(); say('Signed out'); go({ id: null }, { inPlace: true }); isSignedOut = true; banners({ ledger: null }); reload(); menu(); },
    onExport: async (kind) => (await import('./export.js')).exportAs(kind, source, exported(), say).catch((error) => showDialog('The export failed', el('p', {}, error.title ?? error.message))),
  });
}

function signedIn() {
  isSignedOut = false;
  menu();
  reload();
  remote.ledger().then((ledger) => banners({ ledger }), () => {});
}

function look() {
  list.layOut();
  drawRange();
  if (asked) sums.load(source, asked);
}

const picked = () => list.terms();
bind([
  ['j ArrowDown', 'Next entry', () => step(() => list.step(1))],
  ['k ArrowUp', 'Previous entry', () => step(() => list.step(-1))],
  ['PageDown', null, () => step(() => list.page(1))],
  ['PageUp', null, () => step(() => list.page(-1))],
  ['g Home', 'Newest entry', () => step(() => { list.move(0); list.toTop(); })],
  ['G End', 'Oldest entry that is loaded', () => step(() => list.toEnd())],
  ['Enter o', 'Open the entry', () => (list.active ? open(list.active.id) : false)],
  ['Escape', 'Close the entry', close],
  ['/', 'Write a filter', () => box.focus()],
  ['f', 'Filter by a value of the entry', () => { if (!picked().length) return false; const dialog = showDialog('Only entries with', el('div', { class: 'terms' }, picked().map(([name, value]) => button(`${name}:${value}`, () => { dialog.close(); addTerm(name, value); })))); }],
  ['x', 'Clear the filter', () => go({ q: '' })],
  ['t', 'Live, or paused', toggleLive],
  ['v', 'Overview', toggleOverview],
  ['r', 'Load again', reload],
  ['?', 'These keys', null],
]);
by('live').addEventListener('click', toggleLive);
by('file').addEventListener('change', (it) => { openFile(it.target.files[0]); it.target.value = ''; });
by('columns').addEventListener('beforetoggle', () => {
  fillColumns(look);
  const { bottom, right } = document.querySelector('[popovertarget=columns]').getBoundingClientRect();
  by('columns').style.setProperty('top', `${bottom + 4}px`);
  by('columns').style.setProperty('right', `${innerWidth - right}px`);
});
addEventListener('dragover', (event) => { if (event.dataTransfer?.types.includes('Files')) { event.preventDefault(); document.body.classList.add('drop'); } });
addEventListener('dragleave', (event) => { if (!event.relatedTarget) document.body.classList.remove('drop'); });
addEventListener('drop', (event) => { document.body.classList.remove('drop'); if (event.dataTransfer.files.length) { event.preventDefault(); openFile(event.dataTransfer.files[0]); } });
addEventListener('offline', () => banners({}));
addEventListener('online', () => { banners({}); if (rows.error) reload(); });
onNarrow(layOut);
onState((before) => {
  if (before.q !== state.q || before.range !== state.range) { drawRange(); reload(); }
  showEntry();
});
setInterval(() => { if (remembered.relative && !document.hidden) list.draw(); }, 1000);

drawRange();
layOut();
menu();
showLive('off');
if (meta('session')) await useSession(meta('session')).catch((error) => say(`The session cannot be read: ${error.message}`));
signedIn();
if (state.id) showEntry();
