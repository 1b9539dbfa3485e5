// What the server says of itself, between the exchanges: what it could not do or has not done yet crosses no wire. The emulator
// asks it on the page's behalf; where it knows no server, the page asks for nothing.

import { $, flash, setText } from './dom.js';
import { EmulatorError, api, coalesce } from './emulator.js';
import { showError } from './notice.js';
import { eventItem, sendItem, serverRow } from './server-row.js';
import { state } from './state.js';
import { countUnread } from './views.js';
import { applyFilter, insert, isShown } from './wire.js';

/** How often it is asked: what fails there or is tried again makes no noise here. */
const EVERY = 1000;

const nodes = new Map(); // key -> its row
let timer = null, hasRead = false;

function put(item, live) {
  const { key } = item, before = state.server.get(key);
  if (before && JSON.stringify(before) === JSON.stringify(item)) return;
  const node = serverRow(item, handleAgain);
  state.server.set(key, item);
  if (before) replace(nodes.get(key), node);
  else insert(node, item);
  nodes.set(key, node);
  if (!live) return;
  flash(node);
  if (!before && item.look === 'bad' && isShown(item)) countUnread('wire');
}

/** Whoever stands on its button stays there. */
function replace(old, node) {
  const isFocused = old.contains(document.activeElement);
  old.replaceWith(node);
  if (isFocused) node.querySelector('button')?.focus();
}

function drop(key) {
  nodes.get(key)?.remove();
  nodes.delete(key);
  state.server.delete(key);
}

/** Its newest events and sends that are worth a line. */
function itemsOf({ since, events, sends }) {
  return [...events.map(eventItem), ...sends.map(sendItem)].filter((item) => item && item.at >= since);
}

const load = coalesce(async () => {
  const items = itemsOf(await api('/server'));
  const keys = new Set(items.map(({ key }) => key));
  for (const key of [...nodes.keys()]) if (!keys.has(key)) drop(key);
  // The newest come first, and belong below the others.
  for (const item of items.toReversed()) put(item, hasRead);
  hasRead = true;
  applyFilter();
});

/** Asks the server, where there is one and somebody looks. What it does not answer is said above the list. */
export async function askServer() {
  if (timer === null || document.hidden) return;
  try {
    await load();
    sayTrouble('');
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    sayTrouble([error.message, error.hint].filter(Boolean).join(' — '));
  }
}

function sayTrouble(words) {
  $('server-trouble').hidden = !words;
  setText($('server-trouble'), words);
}

async function handleAgain(id, button) {
  button.disabled = true;
  try {
    await api(`/server/events/${encodeURIComponent(id)}/replay`, {});
    await askServer();
  } catch (error) {
    showError(error);
  } finally { button.disabled = false; }
}

/** There is a server to ask, from here on. */
export function followServer() {
  timer ??= setInterval(askServer, EVERY);
  askServer();
}

/** The emulator is gone, and with it what it knew. */
export function leaveServer() {
  clearInterval(timer);
  timer = null;
  sayTrouble('');
}

export function forgetServer() {
  for (const key of [...nodes.keys()]) drop(key);
}
