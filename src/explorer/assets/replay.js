import { button } from './body.js';
import { comparison } from './comparison.js';
import { el, replace } from './dom.js';
import { plain, prepare } from './request.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const ENDINGS = { timed_out: 'The service did not answer in time. ', failed: 'The service failed without an answer. ' };

/** Shows what will be sent again, asks for what was hidden, sends it and compares the answers. What is typed is nowhere but in the fields. */
export function replayPanel(entry, at) {
  const { method, target, headers, body, variables, notes } = prepare(entry);
  const isSafe = SAFE.has(method);
  if (!isSafe && at.settings.replay !== 'all') return el('section', { class: 'panel' }, el('h3', {}, 'Replay'), el('p', {}, `${method} may change something, and this service sends only again what is safe.`));
  const asked = variables.filter((it) => it.place !== 'file');
  const inputs = new Map(asked.map((it) => [it.name, el('input', { type: 'password', autocomplete: 'off' })]));
  const own = body && !body.pieces ? el('textarea', { rows: '6', spellcheck: 'false' }) : null;
  if (own) own.value = body.text ?? '';
  const isOpen = (pieces) => pieces.some((it) => it.name);
  const filled = (pieces) => pieces.map((it) => (it.name ? inputs.get(it.name).value : it)).join('');
  const isGiven = (pieces) => pieces.every((it) => !it.name || inputs.get(it.name).value);
  const result = el('div', { 'aria-live': 'polite' });
  const changed = () => {
    const names = new Set(headers.filter(([, value]) => isOpen(value)).map(([name]) => name));
    return {
      id: entry.id,
      headers: headers.filter(([name]) => names.has(name)).map(([name, value]) => [name, isGiven(value) ? filled(value) : null]),
      ...(isOpen(target) && { path_and_query: filled(target) }),
      ...(body && { body: own ? own.value : filled(body.pieces) }),
    };
  };
  const send = async (it) => {
    it.preventDefault();
    const { submitter } = it;
    submitter.disabled = true;
    replace(result, el('p', { class: 'muted' }, 'Sending…'));
    try {
      const answer = await at.source.replay(changed());
      const told = { ...entry, id: null, failure: null, outcome: answer.outcome === 'answered' ? 'completed' : answer.outcome, response: answer.status && { status: answer.status, headers: answer.headers, body: { bytes_seen: 0, decoded_bytes: null, reason: null, ...answer.body } } };
      const stored = answer.entry_id ? await at.source.entry(answer.entry_id).catch(() => told) : told;
      replace(result, el('p', {}, ENDINGS[answer.outcome] ?? `Answered ${answer.status}. `, answer.entry_id && button({ on: { click: () => at.open(answer.entry_id) } }, 'Open the new entry')), comparison(entry, stored, ['then', 'now'], at));
    } catch (error) {
      replace(result, el('p', { class: 'mark bad', role: 'alert' }, [error.message, error.detail].filter(Boolean).join(': ')));
    }
    submitter.disabled = false;
  };
  return el('form', { class: 'panel', autocomplete: 'off', on: { submit: send } }, el('h3', {}, 'Replay'),
    el('pre', { class: 'text code', tabindex: '0' }, [`${method} ${plain(target)}`, ...headers.map(([name, value]) => `${name}: ${plain(value)}`), ...(body?.pieces ? ['', plain(body.pieces).slice(0, 4000)] : [])].join('\n')),
    asked.length > 0 && el('p', { class: 'muted' }, 'What was masked is yours to give. A header without it is left out.'),
    asked.map((it) => el('label', {}, el('code', {}, it.name), el('span', { class: 'muted' }, `${it.place.replaceAll('_', ' ')} ${it.pointer}`), inputs.get(it.name))),
    own && el('label', {}, 'Body, which is not known byte by byte', own),
    !isSafe && el('label', {}, el('input', { type: 'checkbox', required: true }), ` ${method} may change something. Send it again.`),
    el('button', { class: 'primary' }, 'Send again'), result);
}
