import { download } from './dom.js';
import { har } from './har.js';

const TYPES = { har: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv' };
const COLUMNS = {
  id: (it) => it.id, kind: (it) => it.kind, created_at: (it) => it.created_at,
  ...Object.fromEntries(['method', 'scheme', 'authority', 'path', 'query', 'route'].map((name) => [name, (it) => it.request?.[name]])),
  status: (it) => it.response?.status, outcome: (it) => it.outcome,
  to_headers_micros: (it) => it.timing?.to_headers_micros, to_last_byte_micros: (it) => it.timing?.to_last_byte_micros,
  request_bytes: (it) => it.request?.body.bytes_seen, response_bytes: (it) => it.response?.body.bytes_seen,
  ...Object.fromEntries(['category', 'action', 'ref_id', 'title', 'exchange'].map((name) => [name, (it) => it.event?.[name]])),
  actor_kind: (it) => it.context.actor?.kind, actor_id: (it) => it.context.actor?.id, actor_email: (it) => it.context.actor?.email,
  ...Object.fromEntries(['impersonator', 'session', 'api_key', 'organisation', 'project', 'project_name', 'environment'].map((name) => [name, (it) => it.context[name]])),
  resource_kind: (it) => it.context.resource?.kind, resource_id: (it) => it.context.resource?.id,
  ...Object.fromEntries(['request_id', 'client_ip', 'user_agent', 'trace_id', 'api_version'].map((name) => [name, (it) => it.context[name]])),
};

/** Writes a cell; one that a spreadsheet would run as a formula has an apostrophe in front. */
export function cell(value) {
  const text = String(value ?? '');
  const tame = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}

const row = (cells) => `${cells.map(cell).join(',')}\r\n`;

/** Hands out what a filter shows as a file. */
export async function exportAs(kind, source, params, say) {
  const name = `api-log.${kind}`;
  if (source.kind === 'file') {
    const entries = await source.all(params);
    const made = {
      har: () => [har(entries.filter((it) => it.kind === 'exchange'))],
      ndjson: () => entries.map((it) => `${JSON.stringify(it)}\n`),
      csv: () => [row(Object.keys(COLUMNS)), ...entries.map((it) => row(Object.values(COLUMNS).map((of) => of(it))))],
    }[kind]();
    download(name, TYPES[kind], made);
    return say(`Exported ${entries.length} entries`);
  }
  say('Exporting…');
  const { url, response } = await source.exportUrlOrFetch(kind, params);
  const answer = response ?? await fetch(url, { credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`The export was refused: ${answer.status}`);
  download(name, TYPES[kind], [await answer.blob()]);
  return say('Exported');
}
