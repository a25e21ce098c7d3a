import { setText } from './dom.js';
import { withParams } from './source.js';
import { now, plural } from './time.js';
import { widthFor } from './timeline.js';

const LEAST_PAUSE = 5000;

/** The sums of what a list shows: the timeline, the overview and how many entries there are. */
export class Sums {
  #abort = new AbortController(); #at = 0; #timer = null;

  constructor(timeline, tops, counted) { Object.assign(this, { timeline, tops, counted }); }

  /** Loads the sums of what is asked. A text that is searched for is left aside, and said to be. */
  async load(source, { summed, hasText, from, to }) {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#abort = new AbortController();
    this.#at = Date.now();
    const { signal } = this.#abort;
    const { timeline, tops, counted } = this;
    tops.load(source, summed, signal).catch(() => { if (!signal.aborted) tops.clear(); });
    try {
      const last = to ?? (source.kind === 'file' ? (await end('newest', source, summed, signal) ?? now()) + 1 : now());
      const first = from ?? (await end('oldest', source, summed, signal)) ?? last - 36e5;
      const { text } = widthFor(Math.max(1000, last - first), timeline.bars);
      const asked = [{ by: 'time', width: text, limit: 1000 }, { by: 'all' }].map((more) => source.stats(withParams(summed, more), { signal }));
      const [byTime, { groups: [all = null] }] = await Promise.all(asked);
      if (signal.aborted) return;
      timeline.show(byTime, all, first, last);
      timeline.tell(hasText ? 'sums leave the search for a text aside' : null);
      setText(counted, hasText ? 'Entries with the text' : plural(all?.entries ?? 0, 'entry', 'entries'));
    } catch {
      if (signal.aborted) return;
      timeline.clear();
      setText(counted, '');
    }
  }

  /** Loads them again after what came in, but not while the reader is at them. */
  renew(source, asked) {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.timeline.isBusy || this.tops.isBusy) this.renew(source, asked);
      else this.load(source, asked);
    }, Math.max(500, this.#at + LEAST_PAUSE - Date.now()));
  }
}

async function end(order, source, params, signal) {
  const { entries: [entry] } = await source.list(withParams(params, { order, limit: 1, view: 'summary' }), { signal });
  return entry ? Date.parse(entry.created_at) : null;
}
