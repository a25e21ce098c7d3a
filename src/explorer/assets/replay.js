import { comparison } from './comparison.js';
import { el, replace } from './dom.js';
import { plain, prepare } from './request.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Shows what will be sent again, asks for what was hidden, sends it and compares the answers. What is typed is nowhere but in the fields. */
export function replayPanel(entry, at) {
  const { method, target, headers, body, variables, notes } = prepare(entry);
  const isSafe = SAFE.has(method);
  if (!isSafe && at.settings.replay !== 'all') return el('section', { class: 'panel' }, el('h3', {}, 'Replay'), el('p', {}, `${method} may change something, and the service replays only what is safe.`));
  if (body?.parts || body?.file) notes.push('A body that is not known whole cannot be sent: it is left out.');
  const inputs = new Map(variables.map((it) => [it.name, el('input', { type: 'password', autocomplete: 'off', required: true })]));
  const filled = (pieces) => pieces.map((it) => (it.name ? inputs.get(it.name).value : it)).join('');
  const sure = el('input', { type: 'checkbox', required: true });
  const result = el('div', { 'aria-live': 'polite' });
  const send = async (it) => {
    it.preventDefault();
    const button = it.submitter;
    button.disabled = true;
    replace(result, el('p', { class: 'muted' }, 'Sending…'));
    try {
      const answer = await at.source.replay({ id: entry.id, headers: headers.map(([name, value]) => [name, filled(value)]), path_and_query: filled(target), ...(body?.pieces && { body: filled(body.pieces) }) });
      const now = { ...entry, created_at: null, outcome: 'completed', failure: null, response: { status: answer.status, headers: answer.headers, body: { bytes_seen: 0, decoded_bytes: null, reason: null, ...answer.body } } };
      const stored = answer.entry_id ? await at.source.entry(answer.entry_id).catch(() => now) : now;
      replace(result, el('p', {}, `Answered ${answer.status}. `, answer.entry_id && el('button', { type: 'button', on: { click: () => at.open(answer.entry_id) } }, 'Open the new entry')), comparison(entry, stored, ['then', 'now'], at));
    } catch (error) {
      replace(result, el('p', { class: 'mark bad', role: 'alert' }, [error.message, error.detail].filter(Boolean).join(': ')));
    }
    button.disabled = false;
  };
  return el('form', { class: 'panel', autocomplete: 'off', on: { submit: send } }, el('h3', {}, 'Replay'),
    el('pre', { class: 'text', tabindex: '0' }, [`${method} ${plain(target)}`, ...headers.map(([name, value]) => `${name}: ${plain(value)}`), ...(body?.pieces ? ['', plain(body.pieces).slice(0, 4000)] : [])].join('\n')),
    notes.length > 0 && el('ul', { class: 'notes' }, notes.map((it) => el('li', {}, it))),
    variables.map((it) => el('label', {}, el('code', {}, it.name), ` ${it.place.replace('_', ' ')} ${it.pointer}`, inputs.get(it.name))),
    !isSafe && el('label', { class: 'check' }, sure, ` ${method} may change something. Send it again.`),
    el('button', { class: 'primary' }, 'Send again'), result);
}
