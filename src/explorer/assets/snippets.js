// A request as a file of the REST clients and as a test in Rust.

import { visible } from './dom.js';
import { plain } from './request.js';

const braces = (text) => text.replaceAll('{{', '%7B%7B');
const variable = (pieces, as = (it) => it) => pieces.map((it) => (it.name ? `{{${it.name}}}` : as(it))).join('');

/** Writes `.http`. What such a file would read as a variable, as another request or as the name of a file to send is not written. */
export function http({ method, origin, target, headers, body, variables, notes }) {
  const out = variables.map(({ name }) => `@${name} = `);
  const isJson = headers.some(([name, value]) => /^content-type$/i.test(name) && /json/.test(plain(value)));
  out.push('', `${method} ${variable([...origin, ...target], braces)} HTTP/1.1`);
  for (const [name, value] of headers) {
    if (value.some((it) => typeof it === 'string' && (it.includes('{{') || visible(it) !== it))) notes.push(`The header ${name} cannot be written in this form.`);
    else out.push(`${name}: ${variable(value)}`);
  }
  if (body) out.push('');
  if (body?.file) out.push(`< ./${body.file}`);
  else if (body) {
    const text = body.parts ? body.text : variable(body.pieces, (it) => (isJson ? it.replaceAll('{{', '{\\u007b') : it));
    const rest = body.parts ? text : variable(body.pieces.filter((it) => typeof it === 'string'), (it) => (isJson ? it.replaceAll('{{', '') : it));
    if (rest.includes('{{') || /^\s*(<|###|>|@)/m.test(rest) || visible(rest, true) !== rest) {
      notes.push('The body cannot be written in this form: put it into the file body.txt.');
      out.push('< ./body.txt');
    } else out.push(text);
  }
  return `${out.join('\n').trimStart()}\n`;
}

const literal = (text) => `"${text.replace(/["\\]/g, '\\$&').replace(/[^ -~]/gu, (it) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[it] ?? (visible(it) === it ? it : `\\u{${it.codePointAt(0).toString(16)}}`))}"`;

function rustText(pieces) {
  const texts = pieces.map((it) => (it.name ? `var(${literal(it.name)})` : raw(it)));
  if (pieces.every((it) => !it.name)) return texts.join('') || '""';
  return `[${texts.map((it) => (it.startsWith('var(') ? `${it}.as_str()` : it)).join(', ')}].concat()`;
}

function raw(text) {
  if (!/["\\]/.test(text) || visible(text) !== text) return literal(text);
  const hashes = '#'.repeat(1 + Math.max(0, ...[...text.matchAll(/"(#*)/g)].map((it) => it[1].length)));
  return `r${hashes}"${text}"${hashes}`;
}

const DROPPED = /^accept-encoding$/i;

/** Writes a test that sends the request through a service of tower. */
export function rust({ method, target, headers, body, variables, notes }, { response }) {
  const words = plain(target).split('?')[0].toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_|_$/g, '').slice(0, 60);
  const expected = response?.status;
  const content = body?.file ? `std::fs::read(${literal(body.file)}).unwrap()` : body && rustText(body.pieces ?? [body.text]);
  if (body?.parts) notes.push('Of files the test sends what the log shows of them.');
  const fields = headers.filter(([name]) => !DROPPED.test(name)).map(([name, value]) => `        .header(${literal(name)}, ${rustText(value)})`);
  return [
    '// [dev-dependencies] axum, http, http-body-util, tokio (macros, rt), tower (util)',
    '#[tokio::test]',
    `async fn ${method.toLowerCase().replace(/[^a-z0-9]/g, '_').replace(/^(?=\d)/, '_')}_${words || 'root'}_answers${expected ? `_${expected}` : ''}() {`,
    '    use http_body_util::BodyExt;',
    '    use tower::ServiceExt;',
    '',
    ...(variables.length && !body?.parts ? ['    let var = |name| std::env::var(name).expect(name);'] : []),
    '    let app: axum::Router = app(); // your service',
    '    let request = http::Request::builder()',
    `        .method(${literal(method)})`,
    `        .uri(${rustText(target)})`,
    ...fields,
    `        .body(axum::body::Body::${content ? `from(${content})` : 'empty()'})`,
    '        .unwrap();',
    '    let response = app.oneshot(request).await.unwrap();',
    '    let status = response.status();',
    '    let body = response.into_body().collect().await.unwrap().to_bytes();',
    `    assert_eq!(status, ${expected ?? 200}, "{}", String::from_utf8_lossy(&body));`,
    '}',
    '',
  ].join('\n');
}
