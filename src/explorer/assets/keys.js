import { el, replace } from './dom.js';

let dialog;

/** Shows nodes in a dialog that Esc closes. */
export function show(label, ...children) {
  dialog ??= document.body.appendChild(el('dialog'));
  dialog.setAttribute('aria-label', label);
  replace(dialog, el('h2', {}, label), children, el('div', { class: 'buttons' }, el('button', { type: 'button', on: { click: () => dialog.close() } }, 'Close')));
  dialog.showModal();
  return dialog;
}

const CAPS = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' };

/** Binds keys: each is `[keys, what they do, action]`. None of them counts while something is typed or a dialog is open. */
export function bind(keys) {
  const actions = new Map(keys.flatMap(([names, , action]) => names.split(' ').map((name) => [name, action])));
  actions.set('?', () => show('Keys', el('dl', { class: 'keys' }, keys.filter(([, text]) => text).map(([names, text]) => [el('dt', {}, names.split(' ').map((it) => el('kbd', {}, CAPS[it] ?? it))), el('dd', {}, text)]))));
  addEventListener('keydown', (event) => {
    const node = event.target;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName)) return;
    if (document.querySelector('dialog[open]') || (event.key !== 'Escape' && document.querySelector(':popover-open'))) return;
    const isButton = /^(BUTTON|A|SUMMARY)$/.test(node.tagName);
    if (isButton && ['Enter', ' '].includes(event.key)) return;
    const inPane = node.closest?.('#pane');
    if (inPane && /^(Arrow|Page|Home|End|Enter)/.test(event.key)) return;
    const action = actions.get(event.key);
    if (!action || action() === false) return;
    event.preventDefault();
  });
}
