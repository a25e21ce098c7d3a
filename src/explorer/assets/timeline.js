import { attribute, el, replace, svg, visible } from './dom.js';
import { count, mark, offset, plural, share, took } from './time.js';

const BARS = 56;
const LINES = 44;
const AXIS = 16;
const WIDTHS = [[1, 's'], [2, 's'], [5, 's'], [10, 's'], [15, 's'], [30, 's'], [1, 'm'], [2, 'm'], [5, 'm'], [10, 'm'], [15, 'm'], [30, 'm'], [1, 'h'], [2, 'h'], [3, 'h'], [6, 'h'], [12, 'h'], [1, 'd'], [2, 'd'], [1, 'w'], [2, 'w'], [4, 'w'], [13, 'w'], [52, 'w']];
const LENGTHS = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** Picks how long a bar lasts, so that about `most` of them fill a span of milliseconds. */
export function widthFor(span, most) {
  const fits = WIDTHS.find(([number, unit]) => span / (number * LENGTHS[unit]) <= most) ?? WIDTHS.at(-1);
  return { text: fits.join(''), length: fits[0] * LENGTHS[fits[1]] };
}

/** Requests and failures over time, with latencies below; a part that is brushed becomes the range. */
export class Timeline {
  #groups = []; #from = 0; #to = 1; #step = 1; #all = null; #at = -1; #anchor = -1; #drag = null;
  #told = el('p', { class: 'told' });
  #plot = el('div', { class: 'plot', tabindex: 0, role: 'slider', 'aria-label': 'Moments of the timeline', 'aria-describedby': 'timeline-help' });
  #table = el('div', { class: 'table', tabindex: 0 });

  constructor(node, { onRange }) {
    this.onRange = onRange;
    const details = el('details', { on: { toggle: () => details.open && this.#list() } }, el('summary', {}, 'Table'), this.#table);
    replace(node, el('div', { class: 'line' }, this.#told, details), this.#plot,
      el('p', { id: 'timeline-help', class: 'aloud' }, 'Arrows move, Shift and arrows select, Enter zooms into the selection.'));
    this.details = details;
    this.#plot.addEventListener('pointerdown', (it) => this.#down(it));
    this.#plot.addEventListener('pointermove', (it) => this.#move(it));
    this.#plot.addEventListener('pointerup', (it) => this.#up(it));
    this.#plot.addEventListener('pointercancel', () => this.#forget());
    this.#plot.addEventListener('pointerleave', () => { if (!this.#drag) this.#point(-1); });
    this.#plot.addEventListener('keydown', (it) => this.#key(it));
    this.#plot.addEventListener('blur', () => this.#point(-1));
    new ResizeObserver(() => this.#draw()).observe(this.#plot);
    this.tell();
  }

  /** Whether the reader points at it or moves in it. */
  get isBusy() { return this.#drag !== null || this.#at >= 0 || document.activeElement === this.#plot; }

  get bars() { return Math.max(30, Math.min(180, Math.floor((this.#plot.clientWidth || 900) / 9))); }

  /** Shows sums by time; `all` are those of the whole span. */
  show({ groups, width_micros: width }, all, from, to) {
    this.#step = width / 1000;
    this.#groups = groups.filter((it) => it.value !== null).map((it) => ({ ...it, at: Date.parse(it.value) }));
    [this.#from, this.#to, this.#all, this.#anchor] = [from, Math.max(to, from + this.#step), all, -1];
    if (this.details.open) this.#list();
    this.#draw();
    this.#point(-1);
  }

  clear() {
    [this.#groups, this.#all] = [[], null];
    this.#draw();
    this.tell();
  }

  #list() {
    const rows = this.#groups.map((it) => el('tr', {}, el('th', { scope: 'row' }, it.value.slice(0, 19).replace('T', ' ')),
      [count(it.calls), count(it.failed), took(it.latency.p50_micros), took(it.latency.p95_micros)].map((text) => el('td', {}, text))));
    replace(this.#table, el('table', {}, el('caption', { class: 'aloud' }, 'Requests over time, UTC'),
      el('thead', {}, el('tr', {}, ['Time (UTC)', 'Calls', 'Failed', 'p50', 'p95'].map((text) => el('th', { scope: 'col' }, text)))), el('tbody', {}, rows)));
  }

  #x(at) { return ((at - this.#from) / (this.#to - this.#from)) * this.#plot.clientWidth; }

  #timeAt(x) { return this.#from + (x / Math.max(1, this.#plot.clientWidth)) * (this.#to - this.#from); }

  #draw() {
    const width = this.#plot.clientWidth;
    if (!width) return;
    const most = Math.max(1, ...this.#groups.map((it) => it.calls));
    const bar = Math.max(1, this.#x(this.#from + this.#step) - 1);
    const picture = svg('svg', { width, height: BARS + LINES + AXIS, 'aria-hidden': 'true' });
    picture.append(...this.#axis(width));
    for (const it of this.#groups) picture.append(...this.#bar(it, most, bar));
    if (this.#groups.some((it) => it.calls)) {
      picture.append(...this.#lines(), label(2, 9, count(most)));
    }
    this.brush = svg('rect', { class: 'brush', y: 0, height: BARS + LINES, width: 0, x: 0 });
    picture.append(this.brush);
    replace(this.#plot, picture);
    for (const [name, value] of [['valuemin', 0], ['valuemax', Math.max(0, this.#groups.length - 1)], ['valuenow', Math.max(0, this.#at)]]) attribute(this.#plot, `aria-${name}`, value);
    attribute(this.#plot, 'aria-valuetext', this.#summary(this.#groups[this.#at]));
  }

  #bar(it, most, width) {
    const bad = Math.max(0, it.failed - it.classes['4xx']);
    const parts = [['bad', bad], ['warn', it.failed - bad], ['calls', it.calls - it.failed]];
    let bottom = BARS;
    return parts.filter(([, number]) => number > 0).map(([name, number]) => {
      const height = Math.max(name === 'calls' ? 0.5 : 1.5, (number / most) * (BARS - 12));
      bottom -= height;
      return svg('rect', { class: name, x: this.#x(it.at).toFixed(1), y: bottom.toFixed(1), width: width.toFixed(1), height: height.toFixed(1) });
    });
  }

  #lines() {
    const known = this.#groups.filter((it) => it.latency.p95_micros !== null);
    if (!known.length) return [];
    const low = Math.log(Math.max(1, Math.min(...known.map((it) => it.latency.p50_micros))));
    const high = Math.log(Math.max(2, ...known.map((it) => it.latency.p95_micros)));
    const y = (micros) => BARS + LINES - 3 - ((Math.log(Math.max(1, micros)) - low) / Math.max(0.01, high - low)) * (LINES - 20);
    const wide = Math.max(1, this.#x(this.#from + this.#step) - 1).toFixed(1);
    const line = (name) => {
      const points = known.map((it) => [this.#x(it.at), y(it.latency[`${name}_micros`]), it.at]);
      const path = points.map(([x, top, at], index) => `${index && at - points[index - 1][2] <= this.#step * 1.5 ? 'L' : 'M'}${x.toFixed(1)} ${top.toFixed(1)}h${wide}`).join('');
      return svg('path', { class: name, d: path });
    };
    const peak = Math.max(...known.map((it) => it.latency.p95_micros));
    return [line('p95'), line('p50'), label(2, BARS + 12, `p50, p95 to ${took(peak)}`)];
  }

  #axis(width) {
    const step = widthFor(this.#to - this.#from, Math.max(2, Math.floor(width / 90))).length;
    const shift = offset(this.#from);
    const marks = [svg('line', { x1: 0, x2: width, y1: BARS + 0.5, y2: BARS + 0.5 })];
    for (let at = Math.ceil((this.#from + shift) / step) * step - shift; at < this.#to; at += step) {
      const x = this.#x(at);
      marks.push(svg('line', { x1: x, x2: x, y1: BARS + LINES, y2: BARS + LINES + 4 }));
      if (x > 20 && x < width - 20) marks.push(svg('text', { x, y: BARS + LINES + 13, 'text-anchor': 'middle' }, mark(at, step)));
    }
    return marks;
  }

  #summary(it) {
    const sums = it ?? this.#all;
    if (!sums) return 'No requests';
    const parts = [it && `${mark(it.at, Math.min(this.#step, 6e4 - 1))}`, plural(sums.calls, 'call'), `${count(sums.failed)} failed (${share(sums.failed, sums.calls)})`];
    if (sums.latency?.p50_micros !== null) parts.push(`p50 ${took(sums.latency.p50_micros)}`, `p95 ${took(sums.latency.p95_micros)}`, `p99 ${took(sums.latency.p99_micros)}`);
    return parts.filter(Boolean).join(' · ');
  }

  /** Tells the sums of a moment, or of all; `note` is said once in their place. */
  tell(note) {
    if (note !== undefined) this.note = note;
    const text = this.#all || this.#at >= 0 ? this.#summary(this.#groups[this.#at]) : '';
    replace(this.#told, text, this.note && el('span', { class: 'note' }, `${text ? ' — ' : ''}${this.note}`));
  }

  #point(index) {
    this.#at = index;
    this.#plot.querySelectorAll('.now').forEach((it) => it.remove());
    const it = this.#groups[index];
    if (it) {
      const shade = svg('rect', { class: 'now', x: this.#x(it.at), y: 0, width: Math.max(1, this.#x(this.#from + this.#step)), height: BARS + LINES });
      this.brush?.before(shade);
      attribute(this.#plot, 'aria-valuenow', index);
    }
    attribute(this.#plot, 'aria-valuetext', this.#summary(it));
    this.tell();
  }

  #near(x) {
    const at = this.#timeAt(x);
    return this.#groups.findIndex((it) => at >= it.at && at < it.at + this.#step);
  }

  #down(event) {
    if (event.button !== 0) return;
    this.#plot.setPointerCapture(event.pointerId);
    this.#drag = { from: event.offsetX, id: event.pointerId };
  }

  #move(event) {
    const x = event.clientX - this.#plot.getBoundingClientRect().left;
    if (!this.#drag) return this.#point(this.#near(x));
    this.#shade(this.#drag.from, x);
  }

  #shade(from, to) {
    const [left, right] = [Math.min(from, to), Math.max(from, to)].map((it) => Math.max(0, Math.min(this.#plot.clientWidth, it)));
    attribute(this.brush, 'x', left);
    attribute(this.brush, 'width', right - left);
  }

  #up(event) {
    const from = this.#drag?.from;
    const x = event.clientX - this.#plot.getBoundingClientRect().left;
    this.#forget();
    if (from === undefined) return;
    if (Math.abs(x - from) >= 4) return this.#zoom(this.#timeAt(Math.min(from, x)), this.#timeAt(Math.max(from, x)));
    const it = this.#groups[this.#near(x)];
    if (it && this.#step > 1000) this.#zoom(it.at, it.at + this.#step);
  }

  #forget() {
    this.#drag = null;
    this.#shade(0, 0);
  }

  #zoom(from, to) {
    const [least, most] = [Math.max(from, this.#from), Math.min(Math.max(to, from + 1000), this.#to)];
    if (most > least) this.onRange(Math.floor(least), Math.ceil(most));
  }

  #key(event) {
    const last = this.#groups.length - 1;
    const to = { ArrowLeft: this.#at - 1, ArrowRight: this.#at + 1, Home: 0, End: last }[event.key];
    if (to !== undefined && last >= 0) {
      this.#anchor = event.shiftKey ? (this.#anchor < 0 ? Math.max(0, this.#at) : this.#anchor) : -1;
      this.#point(Math.max(0, Math.min(last, this.#at < 0 && event.key === 'ArrowLeft' ? last : to)));
      const ends = [this.#at, this.#anchor < 0 ? this.#at : this.#anchor].map((it) => this.#groups[it].at);
      if (this.#anchor >= 0) this.#shade(this.#x(Math.min(...ends)), this.#x(Math.max(...ends) + this.#step));
      else this.#shade(0, 0);
    } else if (event.key === 'Enter' && this.#at >= 0) {
      const ends = [this.#at, this.#anchor < 0 ? this.#at : this.#anchor].map((it) => this.#groups[it].at);
      this.#zoom(Math.min(...ends), Math.max(...ends) + this.#step);
    } else if (event.key === 'Escape' && this.#anchor >= 0) {
      this.#anchor = -1;
      this.#shade(0, 0);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

const label = (x, y, text) => svg('text', { x, y, class: 'label' }, visible(text));
