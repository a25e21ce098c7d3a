import { el, replace } from './dom.js';
import { credential } from './source.js';

let dialog;

/** Asks for a token, which stays in memory until the page is left. */
export function signIn(onToken, error = null) {
  if (dialog?.open) return;
  const input = el('input', { id: 'token', type: 'password', autocomplete: 'off', required: true, 'aria-describedby': 'token-told' });
  const told = el('p', { id: 'token-told' }, 'It is kept in this page’s memory only: not in the address, not in storage.');
  const form = el('form', { on: { submit: (event) => {
    event.preventDefault();
    if (!input.value.trim()) return;
    credential.set(input.value.trim());
    input.value = '';
    dialog.close();
    onToken();
  } } }, el('h2', {}, 'Sign in'), error && el('p', { class: 'bad', role: 'alert' }, error), el('label', { for: 'token' }, 'Token'), input, told,
  el('div', { class: 'buttons' }, el('button', { type: 'button', on: { click: () => dialog.close() } }, 'Cancel'), el('button', { class: 'primary' }, 'Sign in')));
  // What was typed does not stay in the document.
  dialog ??= document.body.appendChild(el('dialog', { 'aria-label': 'Sign in', on: { close: () => replace(dialog) } }));
  replace(dialog, form);
  dialog.showModal();
  input.focus();
}
