// A log that was exported, read in the page and asked as the service is. Nothing of it leaves the browser.

import { entry, fromHar, isEntry } from './har_reader.js';
import { matches, names } from './query.js';
import { ApiError } from './source.js';
import { failed } from './words.js';

const MOST_BYTES = 200 * 1024 * 1024;
const MOST_LINE = 64 * 1024 * 1024;
const MOST_ENTRIES = 1_000_000;
let since = 0;

/** Lets the page live where it has waited long enough. */
async function breathe() {
  if (performance.now() - since < 12) return;
  await new Promise((done) => { setTimeout(done); });
  since = performance.now();
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const FIELDS = {
  method: (it) => it.request?.method, route: (it) => it.request?.route, path: (it) => it.request?.path, status: (it) => it.response?.status,
  actor: (it) => it.context?.actor?.id, outcome: (it) => it.outcome, kind: (it) => it.kind, category: (it) => it.event?.category, action: (it) => it.event?.action,
  ...Object.fromEntries(['api_key', 'organisation', 'project', 'environment', 'client_ip', 'user_agent', 'api_version'].map((name) => [name, (it) => it.context?.[name]])),
};

class Group {
  constructor(value) {
    Object.assign(this, { value, entries: 0, calls: 0, failed: 0, classes: { none: 0, '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, other: 0 }, took: [] });
  }

  add(it) {
    this.entries += 1;
    if (it.kind === 'event') return;
    const weight = Number.isInteger(it.weight) && it.weight > 0 ? it.weight : 1;
    this.calls += weight;
    if (failed({ outcome: 'completed', ...it, kind: 'exchange' })) this.failed += weight;
    const status = it.response?.status;
    const name = status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
    this.classes[Object.hasOwn(this.classes, name) ? name : 'other'] += weight;
    this.took.push([Number(it.timing?.to_last_byte_micros) || 0, weight]);
  }

  done() {
    const { took, ...rest } = this;
    took.sort((a, b) => a[0] - b[0]);
    const at = (share) => {
      let left = Math.ceil(share * this.calls);
      for (const [micros, weight] of took) if ((left -= weight) <= 0) return micros;
      return took.at(-1)?.[0] ?? null;
    };
    return { ...rest, latency: { p50_micros: at(0.5), p90_micros: at(0.9), p95_micros: at(0.95), p99_micros: at(0.99) } };
  }
}

function termsOf(params) {
  const byParam = new Map(names().map((it) => [it.param, it.name]));
  const terms = [];
  for (const [name, value] of params) {
    if (name === 'min_duration' || name === 'max_duration') terms.push({ name: 'took', op: name[1] === 'i' ? '>=' : '<=', value });
    else if (byParam.has(name)) terms.push({ name: byParam.get(name), op: '', value });
  }
  return terms;
}

/** The entries of a file, newest first. They are kept as they stand in the file, and read when they are asked for. */
export class FileSource {
  kind = 'file';
  tail = null;
  replay = null;
  ledger = null;
  #raw;
  #form;
  #asked = { key: null };

  constructor(name, found, form, skipped) {
    Object.assign(this, { name, skipped, size: found.length });
    this.#raw = found;
    this.#form = form;
  }

  #entry(at) { return this.#form.read(this.#raw[at].raw, this.#raw[at].number); }

  /** As it stands in the file: good enough to look into. */
  #peek(at) { return this.#form.peek(this.#raw[at].raw, this.#raw[at].number); }

  /** Returns the places of the entries that are asked for; the last answer is kept. */
  async #places(params) {
    const terms = termsOf(params);
    const key = JSON.stringify(terms);
    if (this.#asked.key === key) return this.#asked.places;
    const places = [];
    for (let at = 0; at < this.#raw.length; at += 1) {
      if (!terms.length || matches(this.#peek(at), terms)) places.push(at);
      if (at % 64 === 0) await breathe();
    }
    this.#asked = { key, places };
    return places;
  }

  async all(params) {
    const places = await this.#places(params);
    return places.slice(0, Number(params.get('limit')) || Infinity).map((at) => this.#entry(at));
  }

  async list(params) {
    const all = [...await this.#places(params)];
    const limit = Number(params.get('limit')) || 50;
    if (params.get('order') === 'oldest') all.reverse();
    const [after, before] = [params.get('after'), params.get('before')];
    let start = (Number(params.get('page') ?? 1) - 1) * limit;
    let end = start + limit;
    if (after) end = (start = this.#place(all, after, true)) + limit;
    if (before) start = Math.max(0, (end = this.#place(all, before, false)) - limit);
    const entries = all.slice(start, end).map((at) => this.#entry(at));
    return { entries, page: { after: end < all.length ? entries.at(-1)?.id ?? null : null, before: start > 0 ? entries[0]?.id ?? null : null, limit, total: all.length, searched_to: null }, links: { next: null, prev: null } };
  }

  /** Returns how many of a list stand before an id. */
  #place(all, id, counted) {
    const found = all.findIndex((it) => this.#raw[it].id <= id);
    if (found < 0) return all.length;
    return found + (counted && this.#raw[all[found]].id === id ? 1 : 0);
  }

  async entry(id) {
    const found = this.#raw.findIndex((it) => it.id === id);
    if (found < 0) throw new ApiError({ status: 404, title: 'Not in this file' });
    return this.#entry(found);
  }

  async #groups(by, params, width, limit) {
    const groups = new Map();
    for (const at of await this.#places(params)) {
      const it = this.#peek(at);
      const held = by === 'time' ? Math.floor(Date.parse(it.created_at) / width) * width : FIELDS[by]?.(it) ?? null;
      const value = typeof held === 'object' ? null : held;
      if (!groups.has(value)) groups.set(value, new Group(value));
      groups.get(value).add(it);
      if (at % 64 === 0) await breathe();
    }
    const all = [...groups.values()];
    if (by === 'time') all.sort((a, b) => b.value - a.value);
    else all.sort((a, b) => b.entries - a.entries);
    const kept = all.slice(0, limit).map((it) => it.done());
    if (by === 'time') for (const it of kept.reverse()) it.value = new Date(it.value).toISOString();
    return { groups: kept, has_more: all.length > limit };
  }

  async stats(params) {
    const by = params.get('by') ?? (params.has('width') ? 'time' : 'all');
    const [, number, unit] = /^(\d+)([smhdw])$/.exec(params.get('width') ?? '1h') ?? [0, 1, 'h'];
    const width = by === 'time' ? Number(number) * UNITS[unit] * 1000 : null;
    return { by, width_micros: width && width * 1000, ...await this.#groups(by, params, width, Number(params.get('limit')) || 100) };
  }

  async facets(fields, params, { limit = 10 } = {}) {
    const all = [];
    for (const field of fields) all.push({ field, ...await this.#groups(field, params, null, limit) });
    return { facets: all };
  }
}

/** Reads a HAR, or NDJSON of our own export, line by line. */
export async function openFile(file) {
  if (file.size > MOST_BYTES) throw new ApiError({ title: 'The file is too long', detail: 'A file of up to 200 MiB can be opened. Export less, by a filter or a limit.' });
  const start = await file.slice(0, 4096).text();
  const isHar = /^\ufeff?\s*\{\s*"/.test(start) && /"log"\s*:\s*\{/.test(start);
  const form = isHar ? HAR : LINES;
  const { found, skipped } = await (isHar ? har : lines)(file);
  if (!found.length) throw new ApiError({ title: 'There is nothing in this file that can be shown', detail: `It must be HAR 1.2, or NDJSON of our own export.${skipped ? ` ${skipped} parts were not understood.` : ''}` });
  found.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  const unique = found.filter((it, at) => it.id !== found[at - 1]?.id);
  return new FileSource(file.name, unique, form, skipped + found.length - unique.length);
}

const HAR = { read: fromHar, peek: fromHar };
const LINES = { read: (line) => entry(JSON.parse(line)), peek: (line) => JSON.parse(line) };

/** Collects what can be read, and counts what cannot. */
class Taken {
  found = [];
  skipped = 0;

  /** Keeps what it stands in the file as, under the id that it has; null for what is not understood. */
  take(id, raw) {
    if (id && this.found.length < MOST_ENTRIES) this.found.push({ id, raw, number: this.found.length });
    else this.skipped += 1;
  }
}

async function har(file) {
  let parsed;
  try {
    parsed = JSON.parse((await file.text()).replace(/^\ufeff/, ''));
  } catch {
    throw new ApiError({ title: 'The file is not JSON', detail: 'It may have been cut off. Export it again.' });
  }
  const taken = new Taken();
  for (const it of Array.isArray(parsed?.log?.entries) ? parsed.log.entries : []) {
    taken.take(fromHar(it, taken.found.length)?.id, it);
    await breathe();
  }
  return taken;
}

function idOf(line) {
  try {
    const it = JSON.parse(line);
    return isEntry(it) ? it.id : null;
  } catch {
    return null;
  }
}

async function lines(file) {
  const taken = new Taken();
  let rest = '';
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    const pieces = (rest + (value ?? '')).split('\n');
    rest = done ? '' : pieces.pop();
    for (const line of pieces) {
      if (line.trim()) taken.take(idOf(line), line);
      await breathe();
    }
    if (done) return taken;
    if (rest.length > MOST_LINE) throw new ApiError({ title: 'A line of the file is too long', detail: 'This is not NDJSON of our own export.' });
    await breathe();
  }
}
