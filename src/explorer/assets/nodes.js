// Bodies as trees, for folding, searching and comparing. Numbers, names that come twice and the order of names stay as they were sent,
// and what was cut shows as far as it goes. A node has `key`, `kind`, `text` (of a leaf) or `children`, and where it stands in its source.

const DEEPEST = 200;
const LEAF = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** What may be left of a word or number that was cut. */
const TORN = /^(?:|t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\.|[eE][-+]?)$/;
const BAD = new SyntaxError('not JSON');

function node(kind, key, text, start = 0, end = 0) {
  return { kind, key, text, children: kind === 'object' || kind === 'array' ? [] : null, start, end, cut: false, parent: null };
}

function adopt(parent, child) {
  child.parent = parent;
  child.index = parent.children.push(child) - 1;
  return child;
}

class Reader {
  constructor(source, mayBeCut, at = 0) {
    Object.assign(this, { source, mayBeCut, at });
  }

  peek() {
    let code = this.source.charCodeAt(this.at);
    while (code === 32 || code === 10 || code === 13 || code === 9) code = this.source.charCodeAt(++this.at);
    return this.source[this.at];
  }

  string() {
    const start = this.at;
    let end = start;
    do {
      end = this.source.indexOf('"', end + 1);
      if (end < 0) {
        if (!this.mayBeCut) throw BAD;
        this.at = this.source.length;
        this.isOpen = true;
        return this.source.slice(start + 1);
      }
    } while (this.#isEscaped(end, start));
    this.at = end + 1;
    const plain = this.source.slice(start + 1, end);
    // eslint-disable-next-line no-control-regex
    return /[\\\0-\x1f]/.test(plain) ? JSON.parse(`"${plain}"`) : plain;
  }

  #isEscaped(at, start) {
    let before = at;
    while (before - 1 > start && this.source[before - 1] === '\\') before -= 1;
    return (at - before) % 2 === 1;
  }

  value(key, depth = 0) {
    const char = this.peek();
    const start = this.at;
    if (char === '{' || char === '[') {
      const made = depth < DEEPEST ? this.#container(char, key, depth) : this.#tooDeep(key);
      made.start = start;
      made.end = this.at;
      return made;
    }
    if (char === '"') {
      const made = node('string', key, this.string(), start, this.at);
      made.cut = this.isOpen === true;
      return made;
    }
    LEAF.lastIndex = this.at;
    if (!LEAF.test(this.source)) return this.#end(node('word', key, this.source.slice(this.at), this.at, this.source.length));
    this.at = LEAF.lastIndex;
    return node(char >= 'a' ? 'word' : 'number', key, this.source.slice(start, this.at), start, this.at);
  }

  /** Takes the rest for what was cut off, where it may be. */
  #end(rest) {
    if (!this.mayBeCut || !TORN.test(this.source.slice(this.at, this.at + 9))) throw BAD;
    this.at = this.source.length;
    return Object.assign(rest, { cut: true });
  }

  #container(open, key, depth) {
    const made = node(open === '{' ? 'object' : 'array', key);
    const close = open === '{' ? '}' : ']';
    this.at += 1;
    for (let first = true; ; first = false) {
      const char = this.peek();
      if (char === undefined) return this.#end(made);
      if (char === close) break;
      if (!first) {
        if (char !== ',') return this.#end(made);
        this.at += 1;
        if (this.peek() === undefined) return this.#end(made);
      }
      let name;
      if (open === '{') {
        if (this.peek() !== '"') throw BAD;
        name = this.string();
        const colon = this.peek();
        if (colon === undefined) return this.#end(made);
        if (colon !== ':') throw BAD;
        this.at += 1;
        if (this.peek() === undefined) return this.#end(made);
      }
      adopt(made, this.value(name, depth + 1));
    }
    this.at += 1;
    return made;
  }

  #tooDeep(key) {
    const start = this.at;
    let depth = 0;
    for (; this.at < this.source.length; this.at += 1) {
      const char = this.source[this.at];
      if (char === '"') {
        this.string();
        this.at -= 1;
      } else if (char === '[' || char === '{') depth += 1;
      else if ((char === ']' || char === '}') && --depth === 0) break;
    }
    this.at += 1;
    return node('deep', key, this.source.slice(start, this.at));
  }
}

/** Reads JSON; null where it is none. */
export function json(source, mayBeCut = false) {
  try {
    const reader = new Reader(source, mayBeCut);
    const root = reader.value();
    return reader.peek() === undefined ? root : null;
  } catch {
    return null;
  }
}

/** Reads `a=b&c=d`. */
export function form(source) {
  const root = node('object', undefined, undefined, 0, source.length);
  let start = 0;
  for (const pair of source.split('&')) {
    const end = start + pair.length;
    const [name, value] = new URLSearchParams(pair).entries().next().value ?? [];
    if (name !== undefined) adopt(root, node('string', name, value, start, end));
    start = end + 1;
  }
  return root;
}

/** Makes a tree of names and texts in their order. */
export function pairs(list) {
  const root = node('object');
  for (const [name, value] of list) adopt(root, node('string', String(name), String(value)));
  return root;
}

/** Makes a tree of what JSON has become in the page. */
export function of(value) {
  return json(JSON.stringify(value ?? null) ?? 'null');
}

/** Makes a list of lines, or of other pieces: records are JSON where they can be read so. */
export function list(pieces, read = (text) => node('string', undefined, text)) {
  const root = node('array');
  for (const piece of pieces) adopt(root, read(piece));
  return root;
}

const record = (text) => json(text) ?? node('string', undefined, text);
const ndjson = (source) => list(source.split('\n').filter((line) => line.trim()), record);

function events(source) {
  return list(source.split(/\r?\n\r?\n|\r\r/).filter((it) => it.trim()), (block) => {
    const event = node('object');
    const fields = new Map();
    for (const line of block.split(/\r\n|\r|\n/)) {
      const [, name, value] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line);
      fields.set(name || 'comment', fields.has(name) ? `${fields.get(name)}\n${value}` : value);
    }
    for (const [name, value] of fields) adopt(event, name === 'data' ? record(value) : node('string', undefined, value)).key = name;
    return event;
  });
}

/** Returns the parts of a multipart body: what their heads say, and their contents. */
export function parts(source, type) {
  const boundary = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(type)?.slice(1).find(Boolean);
  const mark = source.startsWith(`--${boundary}\r\n`) ? boundary : /^--(.*)\r\n/.exec(source)?.[1];
  if (!mark) return null;
  return `\r\n${source}`.split(`\r\n--${mark}`).slice(1).filter((it) => !it.startsWith('--')).map((part) => {
    const at = part.indexOf('\r\n\r\n');
    const head = at < 0 ? part : part.slice(0, at);
    const said = (name) => new RegExp(`[; ]${name}="([^"]*)"`, 'i').exec(head)?.[1]?.replaceAll('%22', '"');
    return { name: said('name') ?? '', file: said('filename'), type: /^content-type:\s*(.*)$/im.exec(head)?.[1]?.trim(), text: at < 0 ? '' : part.slice(at + 4) };
  });
}

function multipart(source, type) {
  const read = parts(source, type);
  return read && pairs(read.map((it) => [it.file === undefined ? it.name : `${it.name} (${it.file})`, it.text]));
}

/** Returns `{ name, tree }` of a body's text by its content type; the tree is null for what is text and nothing else. */
export function read(text, type, isCut) {
  const essence = type.split(';', 1)[0].trim().toLowerCase();
  if (essence === 'application/x-www-form-urlencoded') return { name: 'Form', tree: form(text) };
  if (essence.startsWith('multipart/')) return { name: 'Multipart', tree: multipart(text, type) };
  if (essence === 'text/event-stream') return { name: 'Events', tree: events(text) };
  if (/ndjson|jsonl|json-seq|json-lines/.test(essence)) return { name: 'Records', tree: ndjson(text.replaceAll('\x1e', '')) };
  const tree = /^\s*[[{"]/.test(text) || /json/.test(essence) ? json(text, isCut) : null;
  return tree ? { name: 'JSON', tree } : { name: /xml|html/.exec(essence)?.[0].toUpperCase() ?? 'Text', tree: null };
}

const escaped = (step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1');

/** Returns the JSON pointer of a node; of an item that follows names twice it is that of the first. */
export function pointer(it) {
  const steps = [];
  for (let at = it; at.parent; at = at.parent) steps.unshift(escaped(at.key ?? at.index));
  return steps.map((step) => `/${step}`).join('');
}

/** Writes a node as JSON, no longer than asked for. */
export function write(it, most = Infinity, indent = '') {
  if (it.kind === 'string') return JSON.stringify(it.text.length > most ? `${it.text.slice(0, most)}…` : it.text);
  if (!it.children) return it.text.slice(0, most);
  let left = most;
  const inner = [];
  for (const child of it.children) {
    if (left <= 0) { inner.push('…'); break; }
    const text = (it.kind === 'object' ? `${JSON.stringify(child.key)}: ` : '') + write(child, left, `${indent}  `);
    left -= text.length;
    inner.push(text);
  }
  const [open, close] = it.kind === 'object' ? '{}' : '[]';
  if (most !== Infinity || !inner.length) return open + inner.join(', ') + close;
  return `${open}\n${inner.map((text) => `${indent}  ${text}`).join(',\n')}\n${indent}${close}`;
}
