import { download } from './dom.js';
import { har } from './har.js';

const TYPES = { har: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv' };
const named = (names, of) => Object.fromEntries(names.split(' ').map((name) => [name, (it) => of(it)?.[name]]));
const COLUMNS = {
  ...named('id kind created_at', (it) => it),
  ...named('method scheme authority path query route', (it) => it.request),
  ...named('status', (it) => it.response), ...named('outcome', (it) => it), ...named('to_headers_micros to_last_byte_micros', (it) => it.timing),
  request_bytes: (it) => it.request?.body.bytes_seen, response_bytes: (it) => it.request && (it.response?.body.bytes_seen ?? 0),
  ...named('category action ref_id title exchange', (it) => it.event),
  actor_kind: (it) => it.context.actor?.kind, actor_id: (it) => it.context.actor?.id, actor_email: (it) => it.context.actor?.email,
  ...named('impersonator session api_key organisation project project_name environment', (it) => it.context),
  resource_kind: (it) => it.context.resource?.kind, resource_id: (it) => it.context.resource?.id,
  ...named('request_id client_ip user_agent trace_id api_version', (it) => it.context), ...named('weight', (it) => it),
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
