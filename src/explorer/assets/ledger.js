import { el } from './dom.js';
import { plural } from './time.js';

const REASONS = new Map([['queue_full', 'the queue was full'], ['over_budget', 'the memory budget was used up'], ['refused', 'told too late or too often'], ['closed', 'the recorder was closed'],
  ['masking', 'masking failed'], ['sink', 'the store refused them'], ['deadline', 'the shutdown had no time'], ['sink_behind', 'the store was too slow'], ['spool_full', 'the spool was full'], ['damaged', 'the spool was damaged']]);
const STATES = new Map([['failing', 'fails at times'], ['down', 'is down'], ['broken', 'must be mended: check its credentials and schema']]);
const number = (it) => (Number.isFinite(it) ? it : 0);

/** Says what the log does not hold; null where it holds everything. */
export function ledgerBanner(stats) {
  const { balance = {}, sinks = [] } = stats ?? {};
  const lost = Object.entries(balance.dropped ?? {}).filter(([, it]) => number(it) > 0);
  const sum = lost.reduce((all, [, it]) => all + it, 0);
  const parts = [];
  if (sum) parts.push(`${plural(sum, 'entry was', 'entries were')} dropped (${lost.map(([reason]) => REASONS.get(reason) ?? reason).join('; ')})`);
  if (number(balance.dead_lettered)) parts.push(`${plural(balance.dead_lettered, 'entry was', 'entries were')} refused by the store and set aside`);
  if (number(balance.spooled)) parts.push(`${plural(balance.spooled, 'entry waits', 'entries wait')} in the spool, not yet to be seen here`);
  for (const sink of sinks) if (STATES.has(sink.state)) parts.push(`the store ${sink.name} ${STATES.get(sink.state)}`);
  const isBad = parts.length > 0;
  if (number(balance.sampled_out)) parts.push(`${plural(balance.sampled_out, 'call was', 'calls were')} left out by sampling; sums count them by weight`);
  if (stats && stats.is_running === false) parts.push('the recorder does not run: nothing new is recorded');
  if (!parts.length) return null;
  return el('p', { class: `banner ${isBad ? 'warn' : ''}` }, `The log is not whole: ${parts.join('; ')}.`);
}
