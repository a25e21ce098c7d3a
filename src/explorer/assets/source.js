import { readEvents } from './stream.js';

/** What went wrong with a call; `status` is 0 where there was no answer. */
export class ApiError extends Error {
  constructor({ status = 0, title, detail = null, parameter = null, retryAfter = null }) {
    super(title);
    Object.assign(this, { name: 'ApiError', status, title, detail, parameter, retryAfter });
  }
}

/** How many milliseconds the service's clock is ahead of this one's, where it is worth a correction. */
export const clock = { ahead: 0 };

let token = null;
let session = null;

/** The reader's own token, which nothing but this module's memory holds. */
export const credential = {
  has: () => token !== null,
  set: (text) => { token = text; },
  clear: () => { token = null; },
};

/** Takes the header fields that the application's own session gives, from a module of the same origin. */
export async function useSession(path) {
  const url = new URL(path, document.baseURI);
  if (url.origin !== location.origin) throw new TypeError('the module of the session must be of the same origin');
  session = await import(url.href);
}

async function headers(more) {
  const all = new Headers(session?.headers ? await session.headers() : {});
  for (const [name, value] of Object.entries(more)) all.set(name, value);
  if (token !== null) all.set('authorization', `Bearer ${token}`);
  return all;
}

async function failure(response) {
  const told = { status: response.status, title: response.statusText || `Status ${response.status}` };
  const retryAfter = Number(response.headers.get('retry-after')) || null;
  try {
    const { title, detail, parameter } = await response.json();
    return new ApiError({ ...told, ...(title && { title }), detail, parameter, retryAfter });
  } catch {
    return new ApiError({ ...told, retryAfter });
  }
}

async function call(path, { accept = 'application/json', more = {}, ...options } = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', headers: await headers({ accept, ...more }), ...options });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError({ title: navigator.onLine ? 'The service does not answer' : 'No network', detail: error.message });
  }
  const off = Date.parse(response.headers.get('date') ?? '') - Date.now();
  clock.ahead = Math.abs(off) > 3000 ? off : 0;
  if (!response.ok) throw await failure(response);
  return response;
}

const address = (path, params) => {
  const text = String(params ?? '');
  return text ? `${path}?${text}` : path;
};

/** Adds to parameters without changing them. */
export function withParams(params, more) {
  const all = new URLSearchParams(params);
  for (const [name, value] of Object.entries(more)) all.set(name, value);
  return all;
}

/** The log of the service that serves this page. Every method takes `URLSearchParams` under the names of the native format. */
export class Remote {
  kind = 'remote';

  async #json(path, params, options) {
    const response = await call(address(path, params), options);
    try {
      return await response.json();
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new ApiError({ status: response.status, title: 'The answer is not JSON', detail: 'Does the page lie beside its API?' });
    }
  }

  list(params, { signal } = {}) { return this.#json('v1/entries', params, { signal }); }

  entry(id, { signal } = {}) { return this.#json(`v1/entries/${encodeURIComponent(id)}`, null, { signal }); }

  stats(params, { signal } = {}) { return this.#json('v1/stats', params, { signal }); }

  facets(fields, params, { signal, limit = 10 } = {}) {
    return this.#json('v1/facets', withParams(params, { fields: fields.join(), limit }), { signal });
  }

  /** Returns the recorder's counts, or null for readers who may not see them. */
  async ledger({ signal } = {}) {
    try {
      return await this.#json('v1/ledger', null, { signal });
    } catch (error) {
      if (error.status === 403 || error.status === 404) return null;
      throw error;
    }
  }

  /** Reads what comes until the service ends it; returns the id from which to go on. */
  async tail(params, { lastId = null, onOpen, onEntries, onLedger, onEnd, signal } = {}) {
    const more = lastId ? { 'last-event-id': lastId } : {};
    let last = lastId;
    const response = await call(address('v1/tail', params), { accept: 'text/event-stream', more, signal });
    onOpen?.();
    await readEvents(response.body, ({ event, id, data }) => {
      if (id) last = id;
      if (event === 'entries') onEntries?.(data, last);
      if (event === 'ledger') onLedger?.(data);
      if (event === 'failed') throw new ApiError({ status: data.status, title: data.title });
    });
    onEnd?.(last);
    return last;
  }

  /** Returns `{ url }` where a plain link does (cookies go along), otherwise `{ response }`. */
  async exportUrlOrFetch(kind, params, { signal } = {}) {
    const path = address(`v1/export.${kind}`, params);
    if (token === null && session === null) return { url: path };
    return { response: await call(path, { accept: '*/*', signal }) };
  }

  async replay(body) {
    const more = { 'content-type': 'application/json', 'x-api-log-replay': '1' };
    return (await call('replay', { method: 'POST', more, body: JSON.stringify(body) })).json();
  }
}
