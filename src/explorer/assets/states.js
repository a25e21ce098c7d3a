import { el } from './dom.js';
import { exact, plural } from './time.js';

const button = (text, click) => el('button', { type: 'button', on: { click } }, text);
const buttons = (...all) => el('div', { class: 'buttons' }, all);

/** What stands in the place of rows, or below them, and what can be done about it; null where the rows say all. */
export function stateOf(rows, { q, range }, { clear, allTime, signIn, again }) {
  if (rows.error) return failed(rows, { clear, signIn, again });
  if (rows.isLoading || rows.isStale) return rows.searchedTo && rows.isLoading ? [`Searching, back to ${exact(timeOf(rows.searchedTo))} …`] : null;
  if (rows.isResting) return [el('p', {}, `Nothing more was found back to ${exact(timeOf(rows.searchedTo))}.`), button('Search further back', () => rows.goOn())];
  if (rows.length || !rows.isDone) return null;
  const wider = range !== 'all' && button('All time', allTime);
  if (q) return [el('p', {}, 'Nothing that the filter keeps', wider ? ' in this time.' : '.'), buttons(button('Clear the filter', clear), wider)];
  if (wider) return [el('p', {}, 'Nothing in this time.'), wider];
  return [el('h2', {}, 'No calls yet'), el('p', {}, 'Send a request to the service, and it shows here at once:'), el('pre', {}, `curl -i ${location.origin}/`)];
}

/** The time that stands in an id. */
const timeOf = (id) => new Date(parseInt(id.replace('-', '').slice(0, 12), 16));

function failed({ error }, { clear, signIn, again }) {
  const { status, title, detail, retryAfter } = error;
  if (status === 401) return [el('h2', {}, 'Sign in to read the log'), el('p', {}, 'It is open to readers with a token, or signed in to the application.'), button('Sign in', signIn)];
  if (status === 403) return [el('h2', {}, 'Not open to you'), el('p', {}, detail ?? 'Whoever you are signed in as may not read this log.'), button('Sign in as another', signIn)];
  if (status === 400) return [el('p', {}, 'The service does not understand the filter.'), button('Clear the filter', clear)];
  const what = status === 404 ? 'There is no log beside this page. Is its API mounted?' : detail;
  return [el('h2', {}, title), el('p', {}, what, retryAfter && ` Try again in ${plural(retryAfter, 'second')}.`), button('Try again', again)];
}
