import { clock } from './source.js';
import { remembered } from './state.js';

/** The time at the service. */
export const now = () => Date.now() + clock.ahead;

/** The ranges that can be chosen by name. */
export const PRESETS = new Map([['15m', 15 * 6e4], ['1h', 36e5], ['24h', 864e5], ['7d', 7 * 864e5], ['all', null]]);
export const PRESET_NAMES = new Map([['15m', 'Last 15 minutes'], ['1h', 'Last hour'], ['24h', 'Last 24 hours'], ['7d', 'Last 7 days'], ['all', 'All time']]);

/** Returns when a range begins and ends, in milliseconds; null where it is open. */
export function limits(range) {
  if (PRESETS.has(range)) return { from: PRESETS.get(range) && now() - PRESETS.get(range), to: null };
  const [from, to] = range.split('..').map((it) => Date.parse(it));
  return { from, to };
}

const two = (number) => String(number).padStart(2, '0');
const three = (number) => String(number).padStart(3, '0');

function fields(at) {
  const utc = remembered.utc;
  const get = (name) => at[`get${utc ? 'UTC' : ''}${name}`]();
  return { year: get('FullYear'), month: two(get('Month') + 1), day: two(get('Date')), hour: two(get('Hours')), minute: two(get('Minutes')), second: two(get('Seconds')), milli: three(get('Milliseconds')) };
}

/** A time to the millisecond: without its date where that is today. */
export function exact(text, { withDate = false } = {}) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text ?? '');
  const it = fields(at);
  const today = fields(new Date(now()));
  const clock = `${it.hour}:${it.minute}:${it.second}.${it.milli}`;
  const isToday = it.day === today.day && it.month === today.month && it.year === today.year;
  if (isToday && !withDate) return clock;
  return `${it.year === today.year && !withDate ? '' : `${it.year}-`}${it.month}-${it.day} ${clock}`;
}

/** Both clocks, for whoever points at a time. */
export function bothClocks(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text ?? '');
  return `${text.replace('T', ' ').replace('Z', ' UTC')}\n${at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' })}`;
}

/** How long ago, in one unit. */
export function ago(text) {
  const seconds = Math.max(0, (now() - Date.parse(text)) / 1000);
  if (Number.isNaN(seconds)) return '';
  if (seconds < 1) return 'now';
  for (const [unit, length] of [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]]) {
    if (seconds >= length) return `${Math.floor(seconds / length)}${unit} ago`;
  }
  return '';
}

/** A time of an axis whose marks are `step` milliseconds apart. */
export function mark(at, step) {
  const it = fields(new Date(at));
  if (step >= 864e5) return `${it.month}-${it.day}`;
  if (it.hour === '00' && it.minute === '00' && it.second === '00') return `${it.month}-${it.day}`;
  return step < 6e4 ? `${it.hour}:${it.minute}:${it.second}` : `${it.hour}:${it.minute}`;
}

/** The difference of the clock that is shown from UTC at a time, in milliseconds. */
export const offset = (at) => (remembered.utc ? 0 : -new Date(at).getTimezoneOffset() * 6e4);

/** A duration with three digits, as 183 µs, 1.47 ms, 12.3 s or 4m 12s. */
export function took(micros) {
  if (!Number.isFinite(micros)) return '—';
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1e6) return `${digits(micros / 1e3)} ms`;
  if (micros < 6e7) return `${digits(micros / 1e6)} s`;
  const seconds = Math.round(micros / 1e6);
  return seconds < 3600 ? `${Math.floor(seconds / 60)}m ${seconds % 60}s` : `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
}

const digits = (number) => (number < 10 ? number.toFixed(2) : number < 100 ? number.toFixed(1) : number.toFixed(0));
const whole = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (number) => whole.format(number ?? 0);
export const brief = (number) => compact.format(number ?? 0);
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A share as per cent: never 0 where there is some, never 100 where not all are. */
export function share(part, all) {
  if (!all || !part) return '0%';
  if (part === all) return '100%';
  const percent = (100 * part) / all;
  return percent < 0.1 ? '<0.1%' : `${Math.min(99.9, percent).toFixed(percent < 10 ? 1 : percent > 99 ? 1 : 0)}%`;
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB'];

/** A length in bytes. */
export function bytes(number) {
  if (!Number.isFinite(number)) return '';
  const power = Math.min(3, Math.floor(Math.log2(Math.max(1, number)) / 10));
  return `${power ? digits(number / 1024 ** power) : number} ${SIZES[power]}`;
}
