// What of a stored request can be sent again, in pieces: texts as they are, and `{ name }` where a variable stands for what was hidden.

import { bodyOf, contentType } from './body.js';
import { Spots, Variables, join } from './masks.js';
import { form, parts } from './nodes.js';
import { bytes } from './time.js';
import { reason } from './words.js';

/** What every client sets by itself, or what belongs to one connection. */
const OWN = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'http2-settings', 'expect', 'content-encoding']);
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const HOST = /^[\w.~%-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i;

// eslint-disable-next-line no-control-regex
const legal = (pieces) => pieces.map((it) => (typeof it === 'string' ? it.replace(/[\0-\x20\x7f#]/g, encodeURIComponent) : it));

/** Returns `{ method, origin, target, headers, body, variables, notes }`; `body` has `pieces`, `parts` of a form, or `file` where the bytes are not known. */
export function prepare({ request, masked }) {
  const variables = new Variables(new Spots(masked));
  const notes = [];
  const { authority } = request;
  const isKnown = authority && HOST.test(authority);
  const host = isKnown ? authority : (!authority && location.host) || 'unknown.invalid';
  const scheme = request.scheme ?? (host === location.host ? location.protocol.slice(0, -1) : 'http');
  if (!isKnown) notes.push('The entry tells no host that can be called.');
  else if (host !== location.host) notes.push(`It goes to ${host}, which is what the caller said. Is it yours?`);
  const path = request.path.startsWith('/') ? request.path : `/${request.path}`;
  const target = legal(variables.pieces(path, 'path'));
  if (request.query !== null) target.push('?', ...legal(variables.piecesOf(request.query, 'query', form(request.query))));
  const headers = [];
  for (const [name, value] of request.headers ?? []) {
    const key = name.toLowerCase();
    if (key === 'host' && authority && value !== authority && NAME.test(value.replace(':', ''))) headers.push([name, [value]]);
    if (OWN.has(key) || key.startsWith(':')) continue;
    // eslint-disable-next-line no-control-regex
    if (!NAME.test(name) || /[\0-\x08\n-\x1f\x7f]/.test(value)) notes.push('A header that no request can have is left out.');
    else headers.push([name, key === 'cookie' ? cookies(value, variables) : variables.pieces(value, 'request_header', name)]);
  }
  if (!request.headers) notes.push('The headers are not in this view.');
  if (contentCoding(request)) notes.push('The body goes out without its content coding.');
  const body = bodyFor(request, variables, notes);
  return { method: NAME.test(request.method) ? request.method : 'GET', origin: [`${/^https$/i.test(scheme) ? 'https' : 'http'}://${host}`], target: join(target), headers, body, variables: variables.list, notes };
}

const contentCoding = ({ headers }) => headers?.some(([name, value]) => /^content-encoding$/i.test(name) && value !== 'identity');

const cookies = (value, variables) => join(value.split(/(;\s*)/).map((crumb) => variables.pieces(crumb, 'request_header', `cookie ${crumb.split('=')[0].trim()}`)));

function bodyFor(request, variables, notes) {
  const { body } = request;
  if (body.state === 'empty') return null;
  if (typeof body.text !== 'string') {
    const length = request.headers?.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
    notes.push(`The body is not known (${body.reason ? reason(body) : 'not in this view'}): put it into the file body.bin, ${bytes(Number(length ?? body.bytes_seen))}.`);
    return { file: 'body.bin' };
  }
  if (body.state === 'truncated') notes.push(`The body was cut (${reason(body)}): this is the beginning of ${bytes(body.bytes_seen)}.`);
  const type = contentType(request.headers);
  const read = /^multipart\/form-data/i.test(type) && body.state === 'whole' ? parts(body.text, type) : null;
  if (!read) return { pieces: variables.piecesOf(body.text, 'request_body', bodyOf(request).tree), text: body.text };
  return { text: body.text, parts: read.map((it) => ({
    ...it,
    type: /^[\w.+-]+\/[\w.+-]+$/.test(it.type ?? '') ? it.type : null,
    value: it.file === undefined ? variables.pieces(it.text, 'request_body', it.name) : [{ name: variables.name('file', it.name, null) }],
  })) };
}

export const plain = (pieces) => pieces.map((it) => it.name ?? it).join('');
