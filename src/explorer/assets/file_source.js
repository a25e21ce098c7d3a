// A log that was exported, read in the page and asked as the service is. Nothing of it leaves the browser.

import { entry, fromHar } from './har_reader.js';
import { matches, names } from './query.js';
import { ApiError } from './source.js';

const MOST_BYTES = 200 * 1024 * 1024;
const MOST_LINE = 64 * 1024 * 1024;
const MOST_ENTRIES = 1_000_000;
const breath = () => new Promise((done) => { setTimeout(done); });

/** Calls a function for each item, and lets the page live meanwhile. */
async function each(items, call) {
  let since = performance.now();
  for (let at = 0; at < items.length; at += 1) {
    call(items[at], at);
    if (at % 256 === 0 && performance.now() - since > 12) {
      await breath();
      since = performance.now();
    }
  }
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const failedCall = (it) => (it.response?.status ?? 0) >= 400 || !['completed', 'upgraded'].includes(it.outcome);
const FIELDS = {
  method: (it) => it.request?.method, route: (it) => it.request?.route, path: (it) => it.request?.path, status: (it) => it.response?.status,
  actor: (it) => it.context.actor?.id, outcome: (it) => it.outcome, kind: (it) => it.kind, category: (it) => it.event?.category, action: (it) => it.event?.action,
  ...Object.fromEntries(['api_key', 'organisation', 'project', 'environment', 'client_ip', 'user_agent', 'api_version'].map((name) => [name, (it) => it.context[name]])),
};

class Group {
  constructor(value) {
    Object.assign(this, { value, entries: 0, calls: 0, failed: 0, classes: { none: 0, '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, other: 0 }, took: [] });
  }

  add(it) {
    this.entries += 1;
    if (it.kind !== 'exchange') return;
    this.calls += it.weight;
    if (failedCall(it)) this.failed += it.weight;
    const status = it.response?.status;
    const name = status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
    this.classes[name in this.classes ? name : 'other'] += it.weight;
    this.took.push([it.timing.to_last_byte_micros, it.weight]);
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

/** The entries of a file, newest first. */
export class FileSource {
  kind = 'file';
  tail = null;
  replay = null;
  ledger = null;
  #read = new Map();

  constructor(name, entries, skipped) {
    Object.assign(this, { name, entries, skipped, size: entries.length });
  }

  async #matching(params, call) {
    const terms = termsOf(params);
    await each(this.entries, (it) => { if (!terms.length || matches(it, terms)) call(it); });
  }

  async all(params) {
    const found = [];
    await this.#matching(params, (it) => found.push(it));
    return found.slice(0, Number(params.get('limit')) || Infinity);
  }

  async list(params) {
    const wanted = new URLSearchParams(params);
    wanted.delete('limit');
    const all = await this.all(wanted);
    const limit = Number(params.get('limit')) || 50;
    if (params.get('order') === 'oldest') all.reverse();
    const [after, before] = [params.get('after'), params.get('before')];
    let start = (Number(params.get('page') ?? 1) - 1) * limit;
    if (after) start = this.#place(all, after, true);
    if (before) start = Math.max(0, this.#place(all, before, false) - limit);
    const end = before ? Math.min(start + limit, this.#place(all, before, false)) : start + limit;
    const entries = all.slice(start, end);
    return { entries, page: { after: end < all.length ? entries.at(-1)?.id ?? null : null, before: start > 0 ? entries[0]?.id ?? null : null, limit, total: all.length, searched_to: null }, links: { next: null, prev: null } };
  }

  /** Returns how many of a list stand before an id. */
  #place(all, id, counted) {
    const found = all.findIndex((it) => it.id <= id);
    if (found < 0) return all.length;
    return found + (counted && all[found].id === id ? 1 : 0);
  }

  async entry(id) {
    const found = this.entries.find((it) => it.id === id);
    if (!found) throw new ApiError({ status: 404, title: 'Not in this file' });
    return found;
  }

  async #groups(by, params, width, limit) {
    const groups = new Map();
    await this.#matching(params, (it) => {
      const value = by === 'time' ? Math.floor(Date.parse(it.created_at) / width) * width : by === 'all' ? null : FIELDS[by]?.(it) ?? null;
      if (!groups.has(value)) groups.set(value, new Group(value));
      groups.get(value).add(it);
    });
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
  const found = /^\ufeff?\s*\{\s*"(log|\$?_?\w*)"\s*:\s*\{/.test(start) && /"log"\s*:/.test(start) ? await fromHarFile(file) : await fromLines(file);
  const { entries, skipped } = found;
  if (!entries.length) throw new ApiError({ title: 'There is nothing in this file that can be shown', detail: `It must be HAR 1.2, or NDJSON of our own export.${skipped ? ` ${skipped} parts were not understood.` : ''}` });
  entries.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  const unique = entries.filter((it, at) => it.id !== entries[at - 1]?.id);
  return new FileSource(file.name, unique, skipped + entries.length - unique.length);
}

async function fromHarFile(file) {
  let parsed;
  try {
    parsed = JSON.parse((await file.text()).replace(/^\ufeff/, ''));
  } catch {
    throw new ApiError({ title: 'The file is not JSON', detail: 'It may have been cut off. Export it again.' });
  }
  const list = Array.isArray(parsed?.log?.entries) ? parsed.log.entries.slice(0, MOST_ENTRIES) : [];
  const entries = [];
  await each(list, (it, at) => {
    const read = fromHar(it, at);
    if (read) entries.push(read);
  });
  return { entries, skipped: list.length - entries.length };
}

async function fromLines(file) {
  const entries = [];
  let [skipped, rest] = [0, ''];
  const take = (line) => {
    if (!line.trim()) return;
    let read = null;
    try {
      read = entries.length < MOST_ENTRIES ? entry(JSON.parse(line)) : null;
    } catch { /* Counted below. */ }
    if (read) entries.push(read);
    else skipped += 1;
  };
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    if (rest.length > MOST_LINE) throw new ApiError({ title: 'A line of the file is too long', detail: 'This is not NDJSON of our own export.' });
    await each(lines, take);
    await breath();
  }
  take(rest);
  return { entries, skipped };
}
