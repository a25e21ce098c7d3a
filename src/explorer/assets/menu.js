import { el, replace } from './dom.js';
import { COLUMNS, chosen } from './columns.js';
import { remember, remembered } from './state.js';

const node = document.getElementById('menu');
const columns = document.getElementById('columns');
const button = (text, click, more = {}) => el('button', { type: 'button', ...more, on: { click } }, text);

/** Colours the page as the reader chose. */
export function paint() {
  const root = document.documentElement;
  if (remembered.scheme === 'system') delete root.dataset.scheme;
  else root.dataset.scheme = remembered.scheme;
}

function choice(label, name, options, onChange) {
  return el('fieldset', {}, el('legend', {}, label), options.map(([value, text]) => el('label', {}, el('input', { type: 'radio', name, checked: remembered[name] === value, on: { change: () => { remember({ [name]: value }); onChange(); } } }), text)));
}

/** Fills the menu: `can` tells what there is to be done now. */
export function fillMenu({ onExport, onFile, onKeys, onSign, isSignedIn, onLook, isFile }) {
  const close = (action) => () => { node.hidePopover(); action(); };
  replace(node,
    el('p', {}, 'Export what the filter shows'),
    el('div', { class: 'buttons' }, [['har', 'HAR'], ['ndjson', 'NDJSON'], ['csv', 'CSV']].map(([kind, text]) => button(text, close(() => onExport(kind))))),
    button('Open a HAR or NDJSON file…', close(onFile)),
    choice('Colours', 'scheme', [['system', 'System'], ['light', 'Light'], ['dark', 'Dark']], paint),
    choice('Time', 'relative', [[true, 'Relative'], [false, 'Exact']], onLook),
    choice('Clock', 'utc', [[false, 'Local'], [true, 'UTC']], onLook),
    button('Keys', close(onKeys)),
    !isFile && button(isSignedIn ? 'Sign out' : 'Sign in…', close(onSign)));
}

/** Fills the choice of columns. */
export function fillColumns(onLook) {
  const shown = chosen();
  const change = (name, isOn) => {
    const order = [...COLUMNS.keys()];
    const next = isOn ? [...shown, name].sort((a, b) => order.indexOf(a) - order.indexOf(b)) : shown.filter((it) => it !== name);
    remember({ columns: next.length ? next : null });
    onLook();
    fillColumns(onLook);
    columns.querySelector(`[value="${name}"]`)?.focus();
  };
  replace(columns, el('fieldset', {}, el('legend', {}, 'Columns'), [...COLUMNS].map(([name, { label }]) => el('label', {}, el('input', { type: 'checkbox', value: name, checked: shown.includes(name), on: { change: (it) => change(name, it.target.checked) } }), label))),
    button('As at first', () => { remember({ columns: null }); onLook(); fillColumns(onLook); }));
}
