// Everything that is shown was written by whoever calls the service: it becomes text nodes, and what a reader could not see becomes visible.

// eslint-disable-next-line no-control-regex
const HIDDEN = /[\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;
const LAID_OUT = new Set(['pre', 'textarea']);
const READ_ALOUD = new Set(['title', 'aria-label', 'aria-valuetext', 'placeholder', 'alt']);

/** Shows characters that would be invisible, move the cursor or turn the direction of the text. Line breaks and tabs stay where `keep` says so. */
export function visible(text, keep = false) {
  return String(text).replace(HIDDEN, (char) => {
    const code = char.codePointAt(0);
    if (keep && (code === 10 || code === 9)) return char;
    if (keep && code === 13) return '␍';
    if (code < 32) return String.fromCodePoint(0x2400 + code);
    if (code === 127) return '␡';
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

/** Returns an address if it leads over HTTP or to data that the page itself holds, otherwise null. */
export function safeUrl(text) {
  try {
    const url = new URL(text, document.baseURI);
    return ['http:', 'https:', 'blob:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function build(node, tag, props, children) {
  const { on, keep = LAID_OUT.has(tag), ...attributes } = props ?? {};
  for (const [name, value] of Object.entries(attributes)) attribute(node, name, value);
  for (const [name, listener] of Object.entries(on ?? {})) node.addEventListener(name, listener);
  append(node, children, keep);
  return node;
}

function append(node, children, keep) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(child, keep)));
  }
}

/** Sets an attribute: null and false take it away, true leaves it empty. */
export function attribute(node, name, value) {
  if (/^on|^style$|^srcdoc$/i.test(name)) throw new TypeError(`no attribute ${name}`);
  let text = value === true ? '' : value;
  if (name === 'href' || name === 'src') text = safeUrl(text);
  if (text === null || text === undefined || text === false) node.removeAttribute(name);
  else node.setAttribute(name, READ_ALOUD.has(name) ? visible(text, name === 'title') : String(text));
}

/** Makes an element: `props` are attributes, and in `on` the listeners; strings among the children become visible text. In `<pre>`, and where `keep` is true, line breaks stay. */
export const el = (tag, props, ...children) => build(document.createElement(tag), tag, props, children);

/** Makes an element of SVG. */
export const svg = (tag, props, ...children) =>
  build(document.createElementNS('http://www.w3.org/2000/svg', tag), tag, props, children);

/** Puts children in the place of those that a node has. */
export function replace(node, ...children) {
  node.textContent = '';
  append(node, children, LAID_OUT.has(node.localName));
  return node;
}

/** Shows a text in a node, and touches the document only where it changes. */
export function setText(node, text) {
  const shown = visible(text);
  if (node.textContent !== shown) node.textContent = shown;
}

/** Hands a file to the reader. */
export function download(name, type, parts) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = el('a', { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Tells a text to screen readers, and shows it for a moment unless it is to be seen elsewhere. */
export function say(text, isShown = true) {
  const place = document.getElementById('said');
  if (!place) return;
  replace(place, text);
  place.classList.toggle('shown', isShown);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.classList.remove('shown'), 4000);
}
