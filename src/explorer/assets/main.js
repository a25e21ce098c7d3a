import { el, replace } from './dom.js';
import { Remote } from './source.js';

const source = new Remote();
const list = document.getElementById('list');
const pane = document.getElementById('pane');
const { entries } = await source.list(new URLSearchParams({ view: 'summary', limit: 200 }));
async function open(id) {
  const { show } = await import('./exchange.js');
  await show(pane, await source.entry(id), { source, open, addTerm: console.log, settings: {}, onTitle: console.log });
}
replace(list, ...entries.map((it) => el('p', { on: { click: () => open(it.id) } }, it.request ? `${it.request.method} ${it.request.path} ${it.response?.status}` : it.event.action)));
