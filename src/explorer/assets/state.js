// What can be shared stands behind the address's #, which never leaves the browser; what is a matter of taste is remembered here; a token is neither.

const PRESET = /^(15m|1h|24h|7d|all)$/;
const SPAN = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)\.\.(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DEFAULT_RANGE = '24h';

const isSpan = (text) => {
  const found = SPAN.exec(text);
  return found !== null && Date.parse(found[1]) < Date.parse(found[2]);
};

function read() {
  const params = new URLSearchParams(location.hash.slice(1));
  const range = params.get('t') ?? '';
  const id = params.get('id') ?? '';
  return {
    q: (params.get('q') ?? '').slice(0, 4000),
    range: PRESET.test(range) || isSpan(range) ? range : DEFAULT_RANGE,
    id: UUID.test(id) ? id.toLowerCase() : null,
  };
}

/** What is shown: the query, the range of time, and the entry that is open. */
export const state = read();

let told = () => {};

/** Calls a listener with what was there before, whenever something else is to be shown. */
export function onState(listener) {
  told = listener;
  addEventListener('hashchange', () => take(read()));
  addEventListener('popstate', () => take(read()));
}

function take(next) {
  const before = { ...state };
  if (next.q === before.q && next.range === before.range && next.id === before.id) return;
  Object.assign(state, next);
  told(before);
}

/** Shows something else. It can be gone back from, unless it takes the place of what is shown (`inPlace`). */
export function go(changes, { inPlace = false } = {}) {
  const next = { ...state, ...changes };
  const params = new URLSearchParams();
  if (next.q) params.set('q', next.q);
  if (next.range !== DEFAULT_RANGE) params.set('t', next.range);
  if (next.id) params.set('id', next.id);
  const hash = params.size ? `#${params}` : location.pathname + location.search;
  if (inPlace) history.replaceState(null, '', hash);
  else if (next.q !== state.q || next.range !== state.range || next.id !== state.id) history.pushState(null, '', hash);
  take(next);
}

/** A range of time as it stands in the address. */
export const spanOf = (from, to) => `${new Date(from).toISOString()}..${new Date(to).toISOString()}`;

const KEY = 'api-log';
const CHECKS = {
  columns: (it) => Array.isArray(it) && it.length <= 40 && it.every((name) => typeof name === 'string'),
  utc: (it) => typeof it === 'boolean',
  relative: (it) => typeof it === 'boolean',
  scheme: (it) => ['system', 'light', 'dark'].includes(it),
  split: (it) => Number.isFinite(it) && it >= 20 && it <= 80,
  overview: (it) => typeof it === 'boolean',
};

/** What this reader chose once, on this machine. */
export const remembered = { columns: null, utc: false, relative: true, scheme: 'system', split: 42, overview: true, ...stored() };

function stored() {
  const kept = {};
  try {
    const found = JSON.parse(localStorage.getItem(KEY)) ?? {};
    for (const [name, fits] of Object.entries(CHECKS)) {
      if (Object.hasOwn(found, name) && fits(found[name])) kept[name] = found[name];
    }
  } catch { /* nothing that could be read: the defaults */ }
  return kept;
}

export function remember(changes) {
  Object.assign(remembered, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(remembered));
  } catch { /* it is forgotten with the page */ }
}
