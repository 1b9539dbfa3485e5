// The list of exchanges, in the order of the wire.

import { $, flash } from './dom.js';
import { EmulatorError, coalesce, exactly, lastExchanges } from './emulator.js';
import { exchangeRow } from './exchange.js';
import { showError } from './notice.js';
import { wireEnd } from './scrollers.js';
import { remember, state } from './state.js';
import { countUnread, isNarrow, selectView } from './views.js';
import { eventsOf } from './words.js';

/** How many the page keeps; the oldest make room. */
const KEPT = 300;

const nodes = new Map(); // id -> its row
let arrivals = null; // what is streamed while the list is being read

/** Shown unless it is of another conversation: what names none may well be ours. */
export function isShown(exchange) {
  const { kind, account, person } = exchange;
  if (state.filter === 'all' || kind === 'verify') return true;
  return ((account ?? state.account) === state.account && (person ?? state.person) === state.person) || tellsOfUs(exchange);
}

/** A batch goes by its first event, and may tell of other people after it. */
function tellsOfUs(exchange) {
  const id = state.world?.people.find(({ name }) => name === state.person)?.ids[state.account];
  return id !== undefined && eventsOf(exchange).some(({ sender, recipient, from, to }) => [sender?.id, recipient?.id, from, to].includes(id));
}

function put(exchange, live) {
  const { id } = exchange, before = state.exchanges.get(id);
  if (before && JSON.stringify(before) === JSON.stringify(exchange)) return;
  const node = exchangeRow(exchange);
  state.exchanges.set(id, exchange);
  if (before) nodes.get(id).replaceWith(node);
  else insert(node, exchange);
  nodes.set(id, node);
  if (before || !live) return;
  flash(node);
  if (isShown(exchange)) countUnread('wire');
}

/** Puts a row at its place. */
export function insert(node, item) {
  let next = null, last = $('exchanges').lastElementChild;
  while (last && belongsBelow(last, item)) { next = last; last = last.previousElementSibling; }
  $('exchanges').insertBefore(node, next);
}

// A slow call may be told after one that began later: among exchanges, order goes by number. What the server says of itself has
// none, and goes by time: below what began at the same moment, as the webhook that told of it.
function belongsBelow({ dataset }, { id, at }) {
  if (dataset.id && id) return Number(dataset.id) > id;
  return id ? Number(dataset.at) >= at : Number(dataset.at) > at;
}

function drop(id) {
  nodes.get(id)?.remove();
  nodes.delete(id);
  state.exchanges.delete(id);
}

export function forgetExchanges() {
  for (const id of [...nodes.keys()]) drop(id);
}

/** Takes up an exchange from the stream, and returns it. */
export function receiveExchange(text) {
  const exchange = exactly(text);
  arrivals?.push(exchange);
  put(exchange, true);
  if (nodes.size > KEPT) drop(Number($('exchanges').querySelector('.exchange').dataset.id));
  applyFilter();
  return exchange;
}

export const loadExchanges = coalesce(async () => {
  arrivals = [];
  try {
    const read = await lastExchanges(200);
    // What the stream brought during the read is newer than the read itself.
    const all = new Map([...read, ...arrivals].map((one) => [one.id, one]));
    for (const id of [...nodes.keys()]) if (!all.has(id)) drop(id);
    for (const exchange of all.values()) put(exchange, false);
    applyFilter();
  } finally { arrivals = null; }
});

/** Shows what belongs to the conversation, and explains the first of each kind. */
export function applyFilter() {
  const explained = new Set();
  for (const node of $('exchanges').children) {
    const item = state.server.get(node.dataset.server) ?? state.exchanges.get(Number(node.dataset.id));
    node.hidden = !isShown(item);
    const why = node.querySelector('.why');
    if (why) why.hidden = node.hidden || explained.has(item.kind);
    if (!node.hidden) explained.add(item.kind);
  }
  $('wire-empty').hidden = explained.size > 0;
}

/** Opens the exchange that carried a message. */
export function showOnWire({ mid, from }) {
  const found = [...state.exchanges.values()].filter((one) => JSON.stringify([one.request, one.response]).includes(JSON.stringify(mid)));
  const hit = found.find(({ kind }) => kind === (from === 'person' ? 'webhook' : 'graph')) ?? found[0];
  if (!hit) return showError(new EmulatorError('No exchange that is kept here carried this message.'));
  if (isNarrow()) selectView('wire');
  wireEnd.release();
  const node = nodes.get(hit.id), details = node.firstChild;
  details.open = true;
  requestAnimationFrame(() => {
    flash(node, 'found');
    node.scrollIntoView({ block: 'start' });
    details.firstChild.focus({ preventScroll: true });
  });
}

export function bindWire() {
  document.querySelector(`#filter [value=${state.filter}]`).checked = true;
  $('filter').addEventListener('change', ({ target }) => {
    state.filter = target.value;
    applyFilter();
    remember();
    wireEnd.pin();
  });
}
