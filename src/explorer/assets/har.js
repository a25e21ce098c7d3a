import { contentType } from './body.js';
import { phrase } from './words.js';

const pairs = (list) => (list ?? []).map(([name, value]) => ({ name, value }));
const legal = (text) => text.replace(/[^!$-;=?-Z_a-z~]/gu, encodeURIComponent);
const millis = (micros) => (micros ?? 0) / 1000;

function cookies(headers, field) {
  return (headers ?? []).filter(([name]) => name.toLowerCase() === field)
    .flatMap(([, value]) => (field === 'cookie' ? value.split(';') : [value.split(';', 1)[0]]))
    .map((it) => /^\s*([^=]*)=(.*)$/s.exec(it)).filter(Boolean).map(([, name, value]) => ({ name, value: value.trim() }));
}

const commented = (object, { state, reason }) => (reason ? { ...object, comment: `${state}: ${reason}` } : object);

/** Writes an exchange as an entry of HAR 1.2, as the service's own export does. */
export function harEntry({ id, created_at: startedDateTime, request, response, outcome, timing }) {
  const { headers, body } = request;
  const total = timing.to_last_byte_micros;
  const wait = timing.to_headers_micros ?? total;
  const httpVersion = request.version ? `HTTP/${request.version}` : 'unknown';
  const type = contentType(headers) || 'x-unknown';
  const isForm = type.startsWith('application/x-www-form-urlencoded');
  const content = response?.body;
  return {
    startedDateTime,
    time: millis(Math.max(wait, total)),
    request: {
      method: request.method,
      url: `${request.scheme ?? 'http'}://${request.authority ?? 'unknown.invalid'}${legal(request.path)}${request.query === null ? '' : `?${legal(request.query)}`}`,
      httpVersion, cookies: cookies(headers, 'cookie'), headers: pairs(headers),
      queryString: pairs([...new URLSearchParams(request.query ?? '')]),
      headersSize: -1, bodySize: body.bytes_seen,
      ...(body.state !== 'empty' && { postData: commented({ mimeType: type, text: body.text ?? '', params: pairs(isForm ? [...new URLSearchParams(body.text ?? '')] : []) }, body) }),
    },
    response: {
      status: response?.status ?? 0, statusText: phrase(response?.status), httpVersion,
      cookies: cookies(response?.headers, 'set-cookie'), headers: pairs(response?.headers),
      content: commented({ size: content?.decoded_bytes ?? content?.bytes_seen ?? 0, mimeType: contentType(response?.headers) || 'x-unknown', ...(typeof content?.text === 'string' && { text: content.text }) }, content ?? {}),
      redirectURL: response?.headers?.find(([name]) => name.toLowerCase() === 'location')?.[1] ?? '',
      headersSize: -1, bodySize: content?.bytes_seen ?? 0,
    },
    cache: {},
    timings: { send: 0, wait: millis(wait), receive: millis(Math.max(0, total - wait)) },
    _id: id, _outcome: outcome,
  };
}

export const har = (entries) => `{"log":{"version":"1.2","creator":{"name":"tower-api-log","version":"explorer"},"entries":[\n${entries.map((it) => JSON.stringify(harEntry(it))).join(',\n')}\n]}}\n`;
