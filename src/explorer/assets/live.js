const LONGEST_PAUSE = 30_000;

/** Follows the log: comes again where the stream ended, after pauses that grow while it fails, and rests while nobody looks. */
export class Live {
  #abort = null; #lastId = null; #pause = 0; #timer;

  constructor({ onEntries, onLedger, onState }) {
    Object.assign(this, { onEntries, onLedger, onState });
    document.addEventListener('visibilitychange', () => this.#look());
    addEventListener('online', () => this.#look());
  }

  /** Begins to follow, right after an entry. */
  start(source, params, lastId) {
    this.stop();
    [this.source, this.params, this.#lastId, this.#pause] = [source, params, lastId, 0];
    this.#run();
  }

  stop() {
    this.#close();
    this.source = null;
    this.onState('off');
  }

  #close() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  #look() {
    if (document.hidden) this.#close();
    else if (this.source && !this.#abort) this.#run();
  }

  async #run() {
    this.#close();
    if (document.hidden) return;
    const abort = this.#abort = new AbortController();
    let failed = null;
    try {
      await this.source.tail(this.params, {
        lastId: this.#lastId,
        signal: abort.signal,
        onOpen: () => { this.#pause = 0; this.onState('on'); },
        onEntries: (data, id) => { this.#lastId = id ?? this.#lastId; this.onEntries(data.entries ?? [], data.more); },
        onLedger: this.onLedger,
      });
    } catch (error) {
      failed = error;
    }
    if (abort.signal.aborted) return;
    if (failed && failed.status >= 400 && failed.status < 500 && failed.status !== 429) {
      this.source = null;
      return this.onState('refused', failed);
    }
    this.#abort = null;
    if (failed) this.onState('waiting', failed);
    this.#pause = failed ? Math.min(LONGEST_PAUSE, (this.#pause || 500) * 2) : 250;
    this.#timer = setTimeout(() => this.#run(), Math.max(this.#pause * (0.75 + Math.random() / 2), (failed?.retryAfter ?? 0) * 1000));
  }
}
