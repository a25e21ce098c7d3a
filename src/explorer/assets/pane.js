import { attribute, el, replace } from './dom.js';
import { remember, remembered } from './state.js';

const narrow = matchMedia('(max-width: 900px)');
const page = document.getElementById('page');
const split = document.getElementById('split');
const node = document.getElementById('pane');

/** What lies beside the list, and on narrow screens above it: the overview, or one entry. */
export const pane = {
  overview: el('div', { class: 'overview' }),
  detail: el('div', { class: 'detail' }),
  isOpen: false,
  isShown: false,
  isOver: false,

  toggle() {
    if (narrow.matches) this.isOver = !this.isOver;
    else remember({ overview: !remembered.overview });
  },

  /** Shows an entry's details, the overview or nothing. */
  lay(isDetail, onBack) {
    const shown = isDetail || (narrow.matches ? this.isOver : remembered.overview);
    this.isShown = shown;
    if (isDetail !== this.isOpen || !node.firstChild) {
      const back = el('button', { type: 'button', class: 'back', on: { click: onBack } }, '← Back to the list');
      replace(node, back, isDetail ? this.detail : this.overview);
    }
    this.isOpen = isDetail;
    attribute(node, 'aria-label', isDetail ? 'Details' : 'Overview');
    node.hidden = split.hidden = !shown;
    if (shown && narrow.matches) node.querySelector('.back').focus();
    page.classList.toggle('beside', shown);
    page.classList.toggle('open', shown && narrow.matches);
    attribute(document.getElementById('list'), 'inert', shown && narrow.matches);
    size(remembered.split);
  },
};

function size(percent) {
  const share = Math.round(Math.max(20, Math.min(80, percent)) * 10) / 10;
  page.style.setProperty('--split', `${share}%`);
  for (const [name, value] of [['valuemin', 20], ['valuemax', 80], ['valuenow', Math.round(share)]]) attribute(split, `aria-${name}`, value);
  remembered.split = share;
}

split.addEventListener('pointerdown', (event) => {
  split.setPointerCapture(event.pointerId);
  event.preventDefault();
});
split.addEventListener('pointermove', (event) => {
  if (!split.hasPointerCapture(event.pointerId)) return;
  const { right, width } = page.getBoundingClientRect();
  size((100 * (right - event.clientX)) / width);
});
split.addEventListener('pointerup', () => remember({ split: remembered.split }));
split.addEventListener('dblclick', () => { size(42); remember({ split: 42 }); });
split.addEventListener('keydown', (event) => {
  const by = { ArrowLeft: 2, ArrowRight: -2 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  size(remembered.split + by);
  remember({ split: remembered.split });
});

/** Calls a listener when the window becomes narrow or wide. */
export const onNarrow = (listener) => narrow.addEventListener('change', listener);
