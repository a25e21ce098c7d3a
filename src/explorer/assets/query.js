// The readable query: `status:>=500 path:/api/v1/* took:>200ms "card declined"`. Terms of one name are joined by or, names by and, as the service does.

const OUTCOMES = ['completed', 'service_error', 'panic', 'left_before_response', 'left_in_body', 'body_error', 'upgraded', 'process_died'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MOMENT = /^(now|-\d{1,9}[smhdw]|\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?)$/i;

const A_TIME = { once: true, is: (v) => MOMENT.test(v), form: 'a time (2026-01-31T12:00:00Z), a date, or a time ago, as -15m' };

/** What can be asked for: the native name, where an entry has it, a hint; whether commas `split` values, what values there are or what each `is`, and how two are the `same`. */
const NAMES = new Map(Object.entries({
  method: ['method', 'request.method', 'GET, POST …', { split: true, same: (a, b) => a.toUpperCase() === b.toUpperCase(), is: (v) => /^[!#$%&'*+.^_`|~\w-]+$/.test(v), form: 'a method, as GET' }],
  status: ['status', 'response.status', '404, 4xx, 400-499 or >=500', { split: true }],
  path: ['path', 'request.path', '/api/* — * stands for anything', { same: wild }],
  route: ['route', 'request.route', 'a template, /users/{id}'],
  outcome: ['outcome', 'outcome', 'how it ended: panic, left_in_body …', { split: true, values: OUTCOMES }],
  took: [undefined, '', '>200ms, <1s or 200ms..1s'],
  actor: ['actor', 'context.actor.id', 'the id of who called'],
  actor_kind: ['actor_kind', 'context.actor.kind', 'user or service', { split: true, values: ['user', 'service'] }],
  client: ['client_ip', 'context.client_ip', 'the address of the client', { split: true, is: (v) => /^[0-9a-f:.]{2,45}$/i.test(v), form: 'an IP address' }],
  body: ['search', '', 'a text in bodies and events', { once: true, same: (text, asked) => lower(text).includes(lower(asked)) }],
  key: ['api_key', 'context.api_key', 'the fingerprint of the API key'],
  session: ['session', 'context.session', 'the session of the actor'],
  org: ['organisation', 'context.organisation', 'an organisation'],
  project: ['project', 'context.project', 'a project'],
  env: ['environment', 'context.environment', 'an environment'],
  agent: ['user_agent', 'context.user_agent', 'the whole User-Agent'],
  request: ['request_id', 'context.request_id', 'the client’s own request id', { split: true }],
  version: ['api_version', 'context.api_version', 'an API version, v1', { split: true }],
  kind: ['kind', 'kind', 'exchange or event', { split: true, values: ['exchange', 'event'] }],
  category: ['category', 'event.category', 'the category of an event'],
  action: ['action', 'event.action', 'the action of an event'],
  ref: ['ref_id', '', 'the object that it is about'],
  exchange: ['exchange', 'event.exchange', 'events of an exchange, by its id', { split: true, is: (v) => UUID.test(v), form: 'the UUID of an exchange' }],
  since: ['from', '', '-15m, 2026-01-31 …', A_TIME],
  until: ['to', '', '-5m, 2026-01-31 …', A_TIME],
}).map(([name, [param, at, hint, more]]) => [name, { param, at, hint, ...more }]));
const ALIASES = new Map(Object.entries({ client_ip: 'client', ip: 'client', api_key: 'key', organisation: 'org', environment: 'env', from: 'since', to: 'until', search: 'body', user_agent: 'agent', request_id: 'request', api_version: 'version', ref_id: 'ref', duration: 'took' }));

/** Names with a hint each, for completion. */
export const names = () => [...NAMES].map(([name, { hint, param, values }]) => ({ name, hint, param, values }));

const canonical = (name) => ALIASES.get(name.toLowerCase()) ?? name.toLowerCase();

/** Reads a query. `error` says in words what is wrong with the first part that is, and `at` where it begins and ends. */
export function parse(text) {
  const terms = [];
  const words = [];
  for (const token of tokens(text)) {
    const wrong = (error) => ({ terms: [], error, at: [token.start, token.end] });
    if (token.open) return wrong('The quotation mark is never closed.');
    if (token.name === null) {
      if (token.value.startsWith('-') && !token.quoted) return wrong('Nothing can be left out with “-”: ask for what is to stay.');
      words.push(token.value);
      continue;
    }
    if (token.name.startsWith('-')) return wrong('Nothing can be left out with “-”: ask for what is to stay.');
    const name = canonical(token.name);
    const known = NAMES.get(name);
    if (!known) return wrong(`“${token.name}” is no name to ask for. For a text with a colon, use quotation marks.`);
    const { op, value } = name === 'status' || name === 'took' ? operator(token.value) : { op: '', value: token.value };
    if (value === '') return wrong(`What is “${name}:” to be? ${known.hint}`);
    const error = check(name, known, op, value);
    if (error) return wrong(error);
    if (known.once && terms.some((it) => it.name === name)) return wrong(`“${name}:” may be there once.`);
    terms.push({ name, op, value });
  }
  if (words.length && terms.some((it) => it.name === 'body')) return { terms: [], error: 'One text can be searched for at a time.', at: [0, text.length] };
  if (words.length) terms.push({ name: 'body', op: '', value: words.join(' ') });
  const search = terms.find((it) => it.name === 'body');
  if (search && new TextEncoder().encode(search.value).length > 256) return { terms: [], error: 'The text to search for is longer than 256 bytes.', at: [0, text.length] };
  return { terms, error: span(terms), at: null };
}

/** Splits a query into its parts: names, values, and where they stand. */
export function tokens(text) {
  const found = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) { at += 1; continue; }
    const start = at;
    const name = /^(-?[A-Za-z_]+):/.exec(text.slice(at, at + 40))?.[1] ?? null;
    if (name !== null) at += name.length + 1;
    const valueStart = at;
    const quoted = text[at] === '"';
    let value = '';
    let open = quoted;
    if (quoted) at += 1;
    for (; at < text.length; at += 1) {
      if (quoted && text[at] === '\\' && at + 1 < text.length) { at += 1; value += text[at]; continue; }
      if (quoted && text[at] === '"') { open = false; at += 1; break; }
      if (!quoted && /\s/.test(text[at])) break;
      value += text[at];
    }
    found.push({ name, value, quoted, open, start, valueStart, end: at });
  }
  return found;
}

function operator(text) {
  const [, op, value] = /^(>=|<=|>|<|=?)(.*)$/s.exec(text);
  return { op: op === '=' ? '' : op, value: value.trim() };
}

function check(name, known, op, value) {
  if (name === 'status') {
    const fine = op ? /^\d{3}$/.test(value) : parts(known, value).every((it) => /^([1-5]xx|\d{3}(-\d{3})?)$/i.test(it));
    return fine ? null : `“status:” must be as ${known.hint}.`;
  }
  if (name === 'took') return limits(op, value) ? null : `“took:” must be as ${known.hint}, in us, ms or s.`;
  if (known.values && !parts(known, value).every((it) => known.values.includes(it))) return `“${name}:” must be ${known.values.join(', ')}.`;
  if (known.is && !parts(known, value).every(known.is)) return `“${name}:” must be ${known.form}.`;
  return null;
}

const parts = (known, value) => (known.split ? value.split(',') : [value]);

/** Reads a duration as whole microseconds, or null. */
function micros(text) {
  const found = /^(\d{1,12})(?:\.(\d{1,6}))?(us|µs|ms|s)$/.exec(text);
  if (!found) return null;
  const places = { us: 0, µs: 0, ms: 3, s: 6 }[found[3]];
  if ((found[2] ?? '').length > places) return null;
  return Number(found[1] + (found[2] ?? '').padEnd(places, '0'));
}

function limits(op, value) {
  const range = value.split('..');
  const [least, most] = range.map(micros);
  if (least === null || most === null || range.length > 2) return null;
  if (range.length === 2) return op ? null : { least, most };
  if (op === '>') return { least: least + 1 };
  if (op === '<') return least > 0 ? { most: least - 1 } : null;
  if (op === '<=') return { most: least };
  return op === '>=' ? { least } : { least, most: least };
}

/** The limits of all terms of `took` together. */
function duration(terms) {
  const all = terms.filter((it) => it.name === 'took').map((it) => limits(it.op, it.value));
  return { least: Math.max(0, ...all.map((it) => it.least ?? 0)), most: Math.min(Infinity, ...all.map((it) => it.most ?? Infinity)) };
}

function span(terms) {
  const { least, most } = duration(terms);
  return least > most ? 'No call can take that long and that short.' : null;
}

function statuses({ op, value }) {
  if (!op) return value.replace(/\s/g, '');
  const number = Number(value);
  const code = (it) => String(Math.max(0, Math.min(999, it))).padStart(3, '0');
  if (op === '>=') return `${value}-999`;
  if (op === '>') return `${code(number + 1)}-999`;
  return op === '<=' ? `000-${value}` : `000-${code(number - 1)}`;
}

/** Gives the parameters of the native format. */
export function toParams(terms) {
  const params = new URLSearchParams();
  for (const term of terms) {
    if (term.name === 'took') continue;
    params.append(NAMES.get(term.name).param, term.name === 'status' ? statuses(term) : term.value);
  }
  const { least, most } = duration(terms);
  if (least > 0) params.set('min_duration', `${least}us`);
  if (most < Infinity) params.set('max_duration', `${most}us`);
  return params;
}

const quote = (value) => (/^[^\s"]+$/.test(value) ? value : `"${value.replace(/[\\"]/g, '\\$&')}"`);

/** Writes terms as a query. */
export const format = (terms) => terms.map(({ name, op = '', value }) => `${name}:${op}${quote(value)}`).join(' ');

/** Adds a term in the place of those of the same name; a term that is there already stays alone. */
export function withTerm(text, name, value) {
  const key = canonical(name);
  const kept = tokens(text).filter((it) => it.name === null || canonical(it.name) !== key);
  const rest = kept.map((it) => text.slice(it.start, it.end)).filter((it) => key !== 'body' || /^\w+:/.test(it));
  const { op, value: plain } = key === 'status' || key === 'took' ? operator(String(value)) : { op: '', value: String(value) };
  return [...rest, format([{ name: key, op, value: plain }])].join(' ');
}

const lower = (text) => text.replace(/[A-Z]/g, (it) => it.toLowerCase());

function heldBy(entry, name, { at }) {
  if (name === 'body') return texts(entry);
  if (name === 'ref') return [entry.event?.ref_id, entry.context?.resource?.id];
  return [at.split('.').reduce((it, part) => it?.[part], entry)];
}

function texts(it) {
  if (it.kind === 'event') {
    const { title, change, errors, alerts, data } = it.event ?? {};
    return [title, ...[change, errors, alerts, data].map((part) => part && JSON.stringify(part))];
  }
  return [it.request?.body?.text, it.response?.body?.text];
}

/** Compares with a pattern in which `*` stands for any run of characters, in time linear in both for each `*`. */
function wild(text, pattern) {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return text === pattern;
  const last = pieces.pop();
  let at = pieces[0].length;
  if (!text.startsWith(pieces[0])) return false;
  for (const piece of pieces.slice(1)) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Reads a time as the service does; a date ends with its last moment. */
export function moment(text, isEnd = false, now = Date.now()) {
  if (text.toLowerCase() === 'now') return now;
  const ago = /^-(\d+)([smhdw])$/.exec(text);
  if (ago) return now - Number(ago[1]) * { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }[ago[2]];
  const at = Date.parse(text);
  return isEnd && text.length === 10 ? at + 864e5 - 1 : at;
}

function one(entry, term) {
  const known = NAMES.get(term.name);
  if (term.name === 'status') return inRange(entry.response?.status, statuses(term));
  if (term.name === 'since') return Date.parse(entry.created_at) >= moment(term.value);
  if (term.name === 'until') return Date.parse(entry.created_at) <= moment(term.value, true);
  const held = heldBy(entry, term.name, known).filter((it) => it !== null && it !== undefined).map(String);
  const same = known.same ?? ((a, b) => a === b);
  return parts(known, term.value).some((asked) => held.some((it) => same(it, asked)));
}

function inRange(status, ranges) {
  if (!Number.isInteger(status)) return false;
  return ranges.split(',').some((range) => {
    const [from, to = from] = /x/i.test(range) ? [`${range[0]}00`, `${range[0]}99`] : range.split('-');
    return Number(from) <= status && status <= Number(to);
  });
}

/** Tells whether an entry is one that the terms ask for. */
export function matches(entry, terms) {
  const { least, most } = duration(terms);
  const took = entry.timing?.to_last_byte_micros;
  if ((least > 0 || most < Infinity) && !(took >= least && took <= most)) return false;
  const asked = new Set(terms.map((it) => it.name));
  asked.delete('took');
  return [...asked].every((name) => terms.some((it) => it.name === name && one(entry, it)));
}
