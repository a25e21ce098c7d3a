import { ago, bothClocks, bytes, exact, plural, took } from './time.js';
import { remembered } from './state.js';

/** How an exchange ended, in a word or two; nothing of one that was completed. */
export const OUTCOMES = new Map([['service_error', 'error'], ['panic', 'panic'], ['left_before_response', 'left'], ['left_in_body', 'left'],
  ['body_error', 'broken'], ['upgraded', 'upgraded'], ['process_died', 'died']]);

/** The class of a status for its colour. */
export const statusClass = (status) => (status >= 500 ? 'bad' : status >= 400 ? 'warn' : status >= 300 ? 'plain' : 'ok');

/** The class of an outcome for its colour. */
export const outcomeClass = (outcome) => (outcome === 'completed' ? 'ok' : outcome === 'upgraded' ? 'plain' : String(outcome).startsWith('left') ? 'warn' : 'bad');

const actorName = (actor) => actor && (actor.email || [actor.first_name, actor.last_name].filter(Boolean).join(' ') || actor.id);
const isEvent = (it) => it.kind === 'event';
const text = (get) => ({ text: (it) => get(it) ?? '' });
const context = (name) => text((it) => it.context?.[name]);

/** The columns: `text` is what a cell says, `term` what a click on it asks for, `title` what pointing at it tells. */
export const COLUMNS = new Map(Object.entries({
  time: { label: 'Time', get width() { return remembered.relative ? '5.5em' : '9.5em'; }, text: (it) => (remembered.relative ? ago(it.created_at) : exact(it.created_at)), title: (it) => bothClocks(it.created_at) },
  status: { label: 'Status', width: '7em', text: status, style: statusStyle, term: statusTerm, title: (it) => [it.response?.status, it.outcome, it.failure].filter(Boolean).join(' · ') },
  method: { label: 'Method', width: '4.6em', text: (it) => (isEvent(it) ? 'event' : it.request?.method ?? ''), term: (it) => (isEvent(it) ? ['kind', 'event'] : ['method', it.request?.method]) },
  path: { label: 'Path', width: 'minmax(11em, 3fr)', text: path, aside: (it) => (isEvent(it) ? it.event?.title : it.request?.query && `?${it.request.query}`), term: (it) => (isEvent(it) ? ['action', it.event?.action] : ['path', it.request?.path]) },
  took: { label: 'Took', width: '4.8em', isNumber: true, text: (it) => (isEvent(it) ? '' : took(it.timing?.to_last_byte_micros)), term: (it) => (it.timing ? ['took', `>=${it.timing.to_last_byte_micros}us`] : null), title: (it) => (it.timing ? `${it.timing.to_last_byte_micros} µs to the last byte` : '') },
  actor: { label: 'Actor', width: 'minmax(7em, 1fr)', text: (it) => actorName(it.context?.actor) ?? '', term: (it) => ['actor', it.context?.actor?.id], title: (it) => Object.values(it.context?.actor ?? {}).filter(Boolean).join('\n') },
  client: { label: 'Client', width: 'minmax(7em, 0.6fr)', ...context('client_ip'), term: (it) => ['client', it.context?.client_ip] },
  route: { label: 'Route', width: 'minmax(9em, 2fr)', ...text((it) => it.request?.route), term: (it) => ['route', it.request?.route] },
  outcome: { label: 'Outcome', width: '10em', ...text((it) => it.outcome), term: (it) => ['outcome', it.outcome] },
  received: { label: 'Received', width: '5.4em', isNumber: true, text: (it) => bytes(it.request?.body?.bytes_seen) },
  sent: { label: 'Sent', width: '5.4em', isNumber: true, text: (it) => bytes(it.response?.body?.bytes_seen) },
  org: { label: 'Organisation', width: 'minmax(7em, 1fr)', ...context('organisation'), term: (it) => ['org', it.context?.organisation] },
  project: { label: 'Project', width: 'minmax(7em, 1fr)', text: (it) => it.context?.project_name ?? it.context?.project ?? '', term: (it) => ['project', it.context?.project] },
  env: { label: 'Environment', width: '7.5em', ...context('environment'), term: (it) => ['env', it.context?.environment] },
  key: { label: 'API key', width: '8em', ...context('api_key'), term: (it) => ['key', it.context?.api_key] },
  session: { label: 'Session', width: '8em', ...context('session'), term: (it) => ['session', it.context?.session] },
  request: { label: 'Request id', width: '9em', ...context('request_id'), term: (it) => ['request', it.context?.request_id] },
  version: { label: 'API version', width: '6em', ...context('api_version'), term: (it) => ['version', it.context?.api_version] },
  agent: { label: 'User agent', width: 'minmax(9em, 1fr)', ...context('user_agent'), term: (it) => ['agent', it.context?.user_agent] },
  host: { label: 'Host', width: 'minmax(8em, 1fr)', ...text((it) => it.request?.authority) },
  trace: { label: 'Trace', width: '9em', ...context('trace_id') },
}));

const DEFAULT = ['time', 'status', 'method', 'path', 'took', 'actor', 'client'];

/** The names of the columns that are shown, in their order. */
export function chosen() {
  const known = (remembered.columns ?? DEFAULT).filter((name) => COLUMNS.has(name));
  return known.length ? [...new Set(known)] : DEFAULT;
}

function status(it) {
  if (isEvent(it)) return '';
  const word = OUTCOMES.get(it.outcome) ?? (it.outcome === 'completed' ? '' : it.outcome);
  return [it.response?.status, word].filter(Boolean).join(' ') || '—';
}

function statusStyle(it) {
  if (isEvent(it)) return '';
  const code = it.response?.status;
  return code && ['completed', 'upgraded'].includes(it.outcome) ? statusClass(code) : outcomeClass(it.outcome);
}

function statusTerm(it) {
  if (isEvent(it)) return null;
  return OUTCOMES.has(it.outcome) ? ['outcome', it.outcome] : ['status', it.response?.status];
}

function path(it) {
  if (it.kind === 'gap') return it.more ? `${plural(it.more, 'entry', 'entries')} more came in this moment` : 'More came in this moment';
  if (!isEvent(it)) return it.request?.path ?? '';
  return [it.event?.category, it.event?.action].filter(Boolean).join('.') + (it.event?.ref_id ? ` ${it.event.ref_id}` : '');
}

/** What an entry can be narrowed to: the names and values of all columns. */
export function termsOf(entry) {
  const found = [...COLUMNS.values()].map((it) => it.term?.(entry)).filter((it) => it && it[1] !== null && it[1] !== undefined && it[1] !== '');
  return [...new Map(found.map(([name, value]) => [name, String(value)]))];
}
