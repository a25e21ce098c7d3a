import { bodyOf, button } from './body.js';
import { differences } from './diff.js';
import { el } from './dom.js';
import { list, of, pairs } from './nodes.js';
import { ago } from './time.js';

const bodyTree = (side) => {
  if (typeof side?.body.text !== 'string') return of(side ? [side.body.state, side.body.reason, side.body.keyed_hash].filter(Boolean).join(' ') : null);
  return bodyOf(side).tree ?? list(side.body.text.split('\n'));
};

/** Shows what differs between two exchanges, from the first to the second. */
export function comparison(before, after, sides, at) {
  const trees = {
    Outcome: (it) => of({ status: it.response?.status ?? null, outcome: it.outcome, failure: it.failure }),
    Parameters: (it) => of(it.request.params ?? {}),
    'Request headers': (it) => pairs(it.request.headers ?? []),
    'Request body': (it) => bodyTree(it.request),
    'Response headers': (it) => pairs(it.response?.headers ?? []),
    'Response body': (it) => bodyTree(it.response),
  };
  const path = (it) => `${it.request.method} ${it.request.path}`;
  return el('section', { class: 'panel' }, el('h3', {}, 'What differs'),
    after.id && before.id !== after.id && el('p', {}, `${sides[0]}: `, button({ class: 'term', on: { click: () => at.open(before.id) } }, path(before)), ` ${ago(before.created_at)}`),
    Object.entries(trees).map(([name, tree]) => el('section', {}, el('h4', {}, name), differences(tree(before), tree(after), sides))));
}
