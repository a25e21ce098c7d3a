import { withParams } from './source.js';

const PAGE = 200;
const MOST_LOADED = 4000;
const MOST_LIVE = 2000;
const MOST_EMPTY_PAGES = 20;

/**
 * The entries of a list, newest first, of which a few thousand at most are in memory: pages that are far away are forgotten and asked for again by the
 * cursor from which they were read. The first page, to which live entries are added, stays.
 */
export class Rows {
  #source; #params; #abort = new AbortController();
  #chunks = []; #after = null; #busy = null; #emptyPages = 0;
  length = 0; isDone = false; isLoading = false; error = null; searchedTo = null; isResting = false; isStale = true;

  constructor(onChange, onBegin) { Object.assign(this, { onChange, onBegin }); }

  /** Begins anew. */
  async reset(source, params) {
    this.#abort.abort();
    this.#abort = new AbortController();
    Object.assign(this, { error: null, isDone: false, isLoading: false, searchedTo: null, isResting: false });
    [this.#source, this.#params, this.#after, this.#busy, this.#emptyPages] = [source, params, null, null, 0];
    this.isStale = true;
    await this.#next();
  }

  /** The entry of a row, or undefined while it is not there. */
  at(index) {
    const chunk = this.#chunkOf(index);
    return chunk?.entries?.[index - chunk.start];
  }

  /** The row of an entry that is in memory, or -1. */
  indexOf(id) {
    for (const chunk of this.#chunks) {
      const found = chunk.entries?.findIndex((it) => it.id === id && it.kind !== 'gap') ?? -1;
      if (found >= 0) return chunk.start + found;
    }
    return -1;
  }

  get newestId() { return this.#chunks[0]?.entries?.find((it) => it.kind !== 'gap')?.id ?? null; }

  get loaded() { return this.#chunks.reduce((sum, it) => sum + (it.entries?.length ?? 0), 0); }

  #chunkOf(index) {
    let [low, high] = [0, this.#chunks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunks[middle].start <= index) low = middle;
      else high = middle - 1;
    }
    const chunk = this.#chunks[low];
    return chunk && index >= chunk.start && index < chunk.start + chunk.size ? chunk : undefined;
  }

  /** Sees to it that rows are there. */
  want(first, last) {
    if (this.isStale || this.error) return;
    for (const chunk of this.#chunks) {
      if (chunk.entries === null && !this.#busy && chunk.start <= last && chunk.start + chunk.size > first) this.#again(chunk);
    }
    if (last >= this.length - 50 && !this.isResting) this.#next();
    this.#forget((first + last) / 2);
  }

  /** Goes on with a search that found nothing for long. */
  goOn() {
    this.isResting = false;
    this.#emptyPages = 0;
    this.#next();
  }

  retry() {
    this.error = null;
    return this.#next();
  }

  #lay() {
    let start = 0;
    for (const chunk of this.#chunks) {
      chunk.start = start;
      start += chunk.size;
    }
    this.length = start;
  }

  #forget(middle) {
    let loaded = this.loaded;
    const far = (it) => Math.abs(it.start + it.size / 2 - middle);
    const candidates = loaded > MOST_LOADED ? this.#chunks.slice(1).filter((it) => it.entries).sort((a, b) => far(b) - far(a)) : [];
    for (const chunk of candidates) {
      if (loaded <= MOST_LOADED) break;
      loaded -= chunk.size;
      chunk.entries = null;
    }
  }

  async #load(after) {
    const signal = this.#abort.signal;
    const params = withParams(this.#params, { limit: PAGE, ...(after && { after }) });
    this.#busy = signal;
    this.isLoading = true;
    try {
      const page = await this.#source.list(params, { signal });
      return signal.aborted ? null : page;
    } catch (error) {
      if (signal.aborted) return null;
      this.error = error;
      return false;
    } finally {
      if (!signal.aborted) {
        this.#busy = null;
        this.isLoading = false;
      }
    }
  }

  async #next() {
    if (this.#busy || this.isDone) return;
    const after = this.#after;
    const asked = this.#load(after);
    this.onChange();
    const page = await asked;
    if (page === null) return;
    const isFirst = this.isStale;
    if (isFirst) [this.#chunks, this.isStale, this.length] = [[], false, 0];
    if (page) this.#add(after, page);
    if (isFirst) this.onBegin();
    this.onChange();
  }

  #add(after, page) {
    if (page.entries.length) this.#chunks.push({ after, entries: page.entries, size: page.entries.length, start: 0 });
    this.#emptyPages = page.entries.length ? 0 : this.#emptyPages + 1;
    this.#after = page.page.after;
    this.searchedTo = page.page.searched_to;
    this.isDone = page.page.after === null;
    this.isResting = this.#emptyPages >= MOST_EMPTY_PAGES;
    this.#lay();
  }

  async #again(chunk) {
    const page = await this.#load(chunk.after);
    if (!page) return page === false && this.onChange();
    const at = this.#chunks.indexOf(chunk);
    if (at < 0) return;
    const next = this.#chunks[at + 1];
    const entries = page.entries.slice(0, chunk.size);
    Object.assign(chunk, { entries, size: entries.length });
    const last = entries.at(-1)?.id;
    if (next && next.after !== last) {
      // Entries came in late between two pages, or the store let go of some: what lies behind is read anew.
      this.#chunks.length = at + 1;
      [this.#after, this.isDone] = [last ?? chunk.after, false];
    }
    this.#lay();
    this.onChange();
  }

  /** Adds what just came, `more` of which is not shown; returns how many rows that makes. */
  prepend(entries, more) {
    if (this.isStale) return 0;
    if (!this.#chunks.length) this.#chunks.push({ after: null, entries: [], size: 0, start: 0 });
    const first = this.#chunks[0];
    const known = new Set(first.entries.map((it) => it.id));
    const isOnly = this.#chunks.length === 1 && this.isDone;
    const oldest = isOnly ? '' : first.entries.at(-1)?.id ?? '';
    const fresh = entries.filter((it) => !known.has(it.id) && it.id > oldest);
    if (more !== 0 && fresh.length) fresh.push({ kind: 'gap', id: fresh.reduce((most, it) => (it.id > most ? it.id : most), ''), more });
    if (!fresh.length) return 0;
    first.entries.push(...fresh);
    first.entries.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : (b.kind === 'gap') - (a.kind === 'gap')));
    if (first.entries.length > MOST_LIVE) this.#cut(first);
    first.size = first.entries.length;
    this.#lay();
    return fresh.length;
  }

  #cut(first) {
    first.entries.length = MOST_LIVE / 2;
    while (first.entries.at(-1).kind === 'gap') first.entries.pop();
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#chunks.length = 1;
    [this.#after, this.#busy, this.isDone, this.isLoading] = [first.entries.at(-1).id, null, false, false];
  }
}
