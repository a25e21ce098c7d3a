// Entries from HAR 1.2, whoever wrote it. Nothing in a file is what it should be until it has been looked at.

const object = (it) => (it && typeof it === 'object' && !Array.isArray(it) ? it : {});
const array = (it) => (Array.isArray(it) ? it : []);
const text = (it) => (typeof it === 'string' ? it : null);
const texts = (it, names) => Object.fromEntries(names.split(' ').map((name) => [name, text(it[name])]));
const count = (it) => (Number.isFinite(it) && it >= 0 ? Math.round(it) : null);
const fields = (list) => (Array.isArray(list) ? list.map(object).filter((it) => typeof it.name === 'string').map((it) => [it.name, String(it.value ?? '')]) : null);
const pairs = (list) => (Array.isArray(list) ? list.filter((it) => Array.isArray(it)).map(([name, value]) => [String(name ?? ''), String(value ?? '')]) : undefined);
const version = (it) => /(\d(\.\d)?)$/.exec(text(it) ?? '')?.[1] ?? '';

/** Makes an id that sorts by its time, as those of the service do. */
function idOf(time, number) {
  const at = Math.max(0, Math.round(time)).toString(16).padStart(12, '0').slice(-12);
  return `${at.slice(0, 8)}-${at.slice(8)}-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Nests names with brackets, as the service does, a few levels deep. */
function nested(query) {
  const root = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    const steps = /^[^[\]]+(\[[^[\]]*\]){1,8}$/.test(name) ? name.split(/\]?\[|\]$/).slice(0, -1) : [name];
    let at = root;
    for (const step of steps.slice(0, -1)) at = typeof at[step] === 'object' ? at[step] : (at[step] = Object.create(null));
    const last = steps.at(-1) || Object.keys(at).length;
    at[last] = at[last] === undefined ? value : [at[last], value].flat();
  }
  return root;
}

function decoded(content) {
  if (content.encoding !== 'base64') return { text: text(content.text) };
  try {
    const bytes = Uint8Array.from(atob(content.text), (it) => it.charCodeAt(0));
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), bytes: bytes.length };
  } catch {
    return { text: null, binary: true };
  }
}

const STATES = ['empty', 'whole', 'truncated', 'skipped', 'withheld'];

function body(content, size) {
  const [, state, reason] = /^(truncated|skipped|withheld): (\w+)$/.exec(text(content.comment) ?? '') ?? [];
  const it = decoded(content);
  const seen = count(size) || it.bytes || count(content.size) || it.text?.length || 0;
  const isKept = it.text !== null && !(state && state !== 'truncated');
  const of = state ?? (isKept && it.text ? 'whole' : seen ? 'skipped' : 'empty');
  return { state: of, reason: reason ?? (of === 'skipped' ? (it.binary ? 'content_type' : 'not in the file') : null), bytes_seen: seen, decoded_bytes: content.compression ? count(content.size) : null, text: isKept && of !== 'empty' ? it.text : null, keyed_hash: null };
}

/** Reads one entry of a HAR; null where it is none. */
export function fromHar(it, number) {
  const { request, response, timings } = object(it);
  if (!request || typeof request !== 'object' || typeof text(request.url) !== 'string') return null;
  const url = /^(?:([a-z][a-z\d+.-]*):\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/i.exec(request.url);
  const begun = Date.parse(text(it.startedDateTime) ?? '');
  const time = Number.isFinite(begun) ? begun : 0;
  const headers = fields(request.headers);
  const { status } = object(response);
  const micros = (name) => Math.max(0, Number(object(timings)[name]) || 0) * 1000;
  const before = ['blocked', 'dns', 'connect', 'send', 'wait'].reduce((sum, name) => sum + micros(name), 0);
  const posted = object(request.postData);
  const form = !text(posted.text) && fields(posted.params);
  const isAnswered = Number.isInteger(status) && status > 0;
  const agent = headers?.find(([name]) => name.toLowerCase() === 'user-agent')?.[1] ?? null;
  return entry({
    id: UUID.test(it._id) ? it._id.toLowerCase() : idOf(time, number),
    created_at: /Z$/.test(it.startedDateTime) ? it.startedDateTime : new Date(time).toISOString(),
    context: { user_agent: agent, client_ip: null, peer_ip: null },
    request: {
      method: text(request.method) ?? 'GET', scheme: url[1] ?? null, authority: url[2]?.replace(/^.*@/, '') || null, path: url[3] || '/', query: url[4] ?? null,
      route: null, version: version(request.httpVersion), params: nested(url[4] ?? ''), headers,
      body: body(form ? { ...posted, text: String(new URLSearchParams(form)) } : posted, request.bodySize),
    },
    response: isAnswered ? { status, headers: fields(response.headers), body: body(object(response.content), response.bodySize) } : null,
    outcome: text(it._outcome) ?? (isAnswered ? 'completed' : 'left_before_response'),
    timing: { to_headers_micros: isAnswered ? Math.round(before) : null, to_last_byte_micros: Math.round(count(it.time) === null ? before + micros('receive') : it.time * 1000) },
  });
}


function contextOf(it) {
  const { actor, resource } = it;
  return {
    ...texts(it, 'impersonator session api_key organisation project project_name environment request_id client_ip peer_ip user_agent trace_id api_version'),
    actor: text(actor?.id) === null ? null : texts(actor, 'kind id email first_name last_name'),
    resource: text(resource?.id) === null ? null : { kind: text(resource.kind) ?? '', id: resource.id },
  };
}

function bodyOf(it) {
  const { state, reason, bytes_seen: seen, decoded_bytes: whole, text: shown, keyed_hash: hash } = object(it);
  return { state: STATES.includes(state) ? state : 'empty', reason: text(reason), bytes_seen: count(seen) ?? 0, decoded_bytes: count(whole), text: text(shown), keyed_hash: text(hash) };
}

function side(it) {
  return { ...it, headers: pairs(it.headers), trailers: pairs(it.trailers), body: bodyOf(it.body) };
}

const masked = (it) => ({ count: count(object(it).count) ?? 0, spots: array(object(it).spots).map(object).map((spot) => ({ place: text(spot.place) ?? '', pointer: text(spot.pointer) ?? '', rule: text(spot.rule) ?? '', bytes: count(spot.bytes) ?? 0 })) });

/** Tells whether something has what an entry cannot be without. */
export function isEntry(it) {
  if (typeof it?.id !== 'string' || Number.isNaN(Date.parse(text(it.created_at) ?? ''))) return false;
  return it.kind === 'event' ? Boolean(it.event) && typeof it.event === 'object' : typeof it.request?.path === 'string';
}

/** Gives an entry its right types. */
export function entry(it) {
  const base = { id: it.id, created_at: it.created_at, context: contextOf(object(it.context)) };
  if (it.kind === 'event') {
    const { event } = it;
    const names = texts(event, 'category action ref_id title exchange');
    const change = event.change && typeof event.change === 'object' ? { ...event.change, fields: array(event.change.fields).map(object).map((one) => ({ ...one, pointer: String(one.pointer ?? '') })), fields_count: count(event.change.fields_count) ?? 0 } : null;
    const findings = (list) => array(list).map(object).map((one) => ({ message: String(one.message ?? ''), pointer: text(one.pointer) }));
    return { ...base, kind: 'event', event: { ...names, category: names.category ?? '', action: names.action ?? '', change, errors: findings(event.errors), alerts: findings(event.alerts), data: event.data ?? null, masked: masked(event.masked) } };
  }
  const { request, response } = it;
  const status = count(response?.status);
  return {
    ...base,
    kind: 'exchange',
    request: { ...side({ headers: request.headers, trailers: request.trailers, body: request.body }), ...texts(request, 'scheme authority path query route'), method: text(request.method) ?? 'GET', version: text(request.version) ?? '', params: object(request.params) },
    response: status === null ? null : { ...side({ headers: response.headers, trailers: response.trailers, body: response.body }), status, headers_left_out: response.headers_left_out === true },
    outcome: text(it.outcome) ?? 'completed',
    failure: text(it.failure),
    timing: { to_headers_micros: count(object(it.timing).to_headers_micros), to_last_byte_micros: count(object(it.timing).to_last_byte_micros) ?? 0 },
    weight: count(it.weight) ?? 1,
    notes: array(it.notes).map(object).map((one) => ({ name: String(one.name ?? ''), value: String(one.value ?? '') })),
    masked: masked(it.masked),
  };
}
