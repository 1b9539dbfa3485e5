// JSON to read: coloured, indented, and folding at every brace.

import { el } from './dom.js';

/** Folding is a comfort: past so many characters it would only make the page slow. */
const LARGEST = 60_000;

/** So deep it is open from the start. */
const OPEN = 6;

/** A value as a tree; text that is no JSON stays text. */
export function jsonOf(value) {
  const tree = treeOf(value), text = prettyText(tree);
  if (typeof tree === 'string' || !/^[{[]/.test(text) || text.length > LARGEST) return el('pre', { class: 'code', tabindex: 0 }, text);
  return el('div', { class: 'code json', tabindex: 0, role: 'group', 'aria-label': 'JSON' }, nodeOf(tree, null, 0, true));
}

export function prettyText(value) {
  const tree = treeOf(value);
  return typeof tree === 'string' ? tree : JSON.stringify(tree, null, 2);
}

/** What a text of JSON says. A bare number stays as it was sent: a challenge may exceed what JSON keeps exact. */
function treeOf(value) {
  if (typeof value !== 'string' || !/^\s*[{[]/.test(value)) return value;
  try { return JSON.parse(value); } catch { return value; }
}

const isBranch = (value) => typeof value === 'object' && value !== null && !JSON.isRawJSON?.(value) && Object.keys(value).length > 0;

function nodeOf(value, key, depth, isLast) {
  const name = key !== null && [el('span', { class: 'j-key' }, JSON.stringify(key)), ': '];
  const comma = !isLast && ',';
  if (!isBranch(value)) return el('div', { class: 'j-line' }, name, leafOf(value), comma);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const entries = Object.entries(value);
  const summary = el('summary', { class: 'j-line' }, name, open, el('span', { class: 'j-fold' }, `${entries.length} …${close}${comma || ''}`));
  const inside = entries.map(([part, one], at) => nodeOf(one, Array.isArray(value) ? null : part, depth + 1, at === entries.length - 1));
  return el('details', { class: 'j-branch', open: depth < OPEN }, summary, el('div', { class: 'j-inside' }, inside), el('div', { class: 'j-line' }, close, comma));
}

function leafOf(value) {
  const look = typeof value === 'string' ? 'j-string' : typeof value === 'boolean' || value === null ? 'j-literal' : 'j-number';
  return el('span', { class: look }, JSON.stringify(value));
}
