// Commands to paste. No byte of theirs may be more than an argument: a character that a terminal or a shell could act on is written as an escape.

import { visible } from './dom.js';
import { join } from './masks.js';
import { plain } from './request.js';

const LONGEST_ARGUMENT = 100_000;
const bytesOf = (text, as) => [...new TextEncoder().encode(text)].map(as).join('');
const hex = (text) => ({ '\n': '\\n', '\t': '\\t' })[text] ?? bytesOf(text, (it) => `\\x${it.toString(16).padStart(2, '0')}`);
const octal = (text) => bytesOf(text, (it) => `\\${it.toString(8).padStart(3, '0')}`);
const escape = (text, special, as) => text.replace(/[^ -~]|[\\'!]/gu, (it) => ((it > '~' && visible(it) === it) || (it <= '~' && it >= ' ' && !special.includes(it)) ? it : as(it)));

function quoted(text) {
  if (/^[\w./:][\w./:-]*$/.test(text)) return text;
  if (visible(text) !== text || (text.includes('!') && text.includes("'"))) return `$'${escape(text, "\\'!", hex)}'`;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Quotes an argument for bash, zsh and ksh; of the variables in it each stands in quotes of its own. */
export const shell = (pieces) => pieces.filter((it) => it !== '').map((it) => (it.name ? `"$${it.name}"` : quoted(it))).join('') || "''";

const lines = (words) => words.join(' \\\n  ');

/** For what is no argument, since it has a NUL or is too long: `printf` writes it. */
function printed(pieces) {
  const texts = pieces.map((it) => (it.name ? '%s' : escape(it, "\\'!", octal).replaceAll('%', '%%'))).join('');
  return ["printf -- '", texts, "'", ...pieces.filter((it) => it.name).map((it) => ` "$${it.name}"`), ' | '].join('');
}

const isPrinted = (body) => body?.pieces && (body.text.includes('\0') || body.text.length > LONGEST_ARGUMENT);

export function curl({ method, origin, target, headers, body, notes }) {
  const words = [];
  const url = plain(target);
  const data = body && !(method === 'HEAD');
  if (body && !data) notes.push('A HEAD with a body is sent without it.');
  const usual = data ? 'POST' : 'GET';
  if (method === 'HEAD') words.push('-I');
  else if (method !== usual) words.push(`-X ${shell([method])}`);
  if (/[[\]{}]/.test(url)) words.push('--globoff');
  if (/\/\.{1,2}(\/|$)/.test(url.split('?')[0])) words.push('--path-as-is');
  if (headers.some(([name]) => /^accept-encoding$/i.test(name))) words.push('--compressed');
  const isForm = data && body.parts;
  let hasType = false;
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const text = plain(value);
    hasType ||= key === 'content-type';
    if ((key === 'accept' && text === '*/*') || (key === 'user-agent' && text.startsWith('curl/')) || (key === 'content-type' && (isForm || (data && text === 'application/x-www-form-urlencoded')))) continue;
    words.push(`-H ${shell(text ? join([`${name}: `, value]) : [`${name};`])}`);
  }
  if (data && !hasType && headers.length) words.push("-H 'content-type:'");
  let before = '';
  if (isForm) words.push(...body.parts.map(part).filter(Boolean));
  else if (data?.file ?? body?.file) words.push(data ? `--data-binary @${body.file}` : '');
  else if (data && isPrinted(body)) {
    before = printed(body.pieces);
    words.push('--data-binary @-');
  } else if (data) words.push(`--data-raw ${shell(body.pieces)}`);
  return before + lines([`curl ${shell(join([origin, target]))}`, ...words.filter(Boolean)]);
}

const inQuotes = (text) => `"${text.replace(/[\\"]/g, '\\$&').replace(/[\r\n\0]/g, ' ')}"`;

function part({ name, file, type, value }) {
  const key = name.replaceAll('=', '%3D');
  if (file === undefined) return `--form-string ${shell(join([`${key}=`, value]))}`;
  return `-F ${shell([`${key}=@`, ...value, `;filename=${inQuotes(file)}${type ? `;type=${type}` : ''}`])}`;
}

const itemKey = (text) => text.replace(/[:=@;\\]/g, '\\$&');

export function httpie({ method, origin, target, headers, body }) {
  const words = headers.filter(([name]) => !(body?.parts && /^content-type$/i.test(name)))
    .map(([name, value]) => shell(plain(value) ? join([`${name}: `, value]) : [`${name};`]));
  let before = '';
  if (body?.parts) {
    words.push(...body.parts.map((it) => shell(join(it.file === undefined
      ? [`${itemKey(it.name)}=`, ...it.value.map((value, at) => (at === 0 && typeof value === 'string' ? value.replace(/^[@=:;]/, '\\$&') : value))]
      : [`${itemKey(it.name)}@`, ...it.value, it.type ? `;type=${it.type}` : '']))));
  } else if (isPrinted(body)) before = printed(body.pieces);
  else if (body?.pieces) words.push(shell(join(['--raw=', body.pieces])));
  const stdin = before || body?.file;
  return before + lines([`http ${stdin ? '' : '--ignore-stdin '}${body?.parts ? '--multipart ' : ''}${/\/\.{1,2}(\/|$)/.test(plain(target)) ? '--path-as-is ' : ''}${shell([method])} ${shell(join([origin, target]))}`, ...words]) + (body?.file ? ` < ${body.file}` : '');
}
