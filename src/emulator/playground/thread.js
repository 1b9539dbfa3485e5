// The conversation: read from the emulator, laid out, and drawn so that only what changed is touched.

import { commentRow } from './comment.js';
import { $, announce, el, flash, unsay } from './dom.js';
import { api, coalesce, quietly } from './emulator.js';
import { notesOf, receiptOf } from './history.js';
import { plainRow, rowOf } from './message.js';
import { renderOwner } from './owner.js';
import { currentRow, makeCurrent } from './rows.js';
import { renderQuickReplies } from './quick-replies.js';
import { chatEnd } from './scrollers.js';
import { isCurrent, nameOf, state } from './state.js';
import { HOUR, MINUTE, stampText } from './time.js';
import { renderWindow } from './window.js';

const rows = new Map(); // key -> { node, print }

/** Nobody tells when the typing has gone on for too long; one has to look again. */
const TYPING_CHECK = 5000;
let typingCheck;

let events = { onWire() {}, onNews() {} };

/** `onWire(message)`: somebody wants to see it there. `onNews(count)`: so many messages of the business have come. */
export function bindThread(handlers) { events = handlers; }

export const loadChat = coalesce(async () => {
  const { account, person } = state;
  if (!account || !person) return;
  const chat = await api(`/chats/${encodeURIComponent(account)}/${encodeURIComponent(person)}`);
  if (isCurrent({ account, person })) renderChat(chat);
});

function renderChat(chat) {
  const log = $('messages');
  const switched = state.chat?.account !== chat.account || state.chat?.person !== chat.person;
  const known = switched ? null : new Set(state.chat.messages.map(({ mid }) => mid));
  const before = state.chat;
  state.chat = chat;
  // A whole conversation swapped in is not news: keep it from being read out.
  log.setAttribute('aria-busy', String(switched));
  if (switched) { log.replaceChildren(); rows.clear(); chatEnd.pin(); }
  reconcile(log, layOut(chat, notesOf(chat)), known);
  events.onNews(chat.messages.filter(({ mid, from }) => known && from === 'business' && !known.has(mid)).length);
  $('typing').hidden = !chat.typing;
  if (before?.typing && (switched || !chat.typing)) unsay(typingText(before));
  if (chat.typing && (switched || !before.typing)) announce(typingText(chat));
  clearTimeout(typingCheck);
  if (chat.typing) typingCheck = setTimeout(() => quietly(loadChat()), TYPING_CHECK);
  renderEnd(chat);
  renderOwner(chat);
  renderWindow();
  setTimeout(() => log.setAttribute('aria-busy', 'false'), 50);
}

const typingText = ({ account }) => `${account} is typing`;

function renderEnd(chat) {
  const last = chat.messages.at(-1);
  const receipt = receiptOf(chat);
  $('chat-empty').hidden = $('messages').childElementCount > 0;
  $('receipt').hidden = !receipt;
  if (receipt) {
    $('receipt').dataset.from = last.from;
    if ($('receipt').textContent !== receipt) $('receipt').textContent = receipt;
  }
  renderQuickReplies(last);
}

/** Turns messages, comments and notes into an ordered list of stamps and rows, with their grouping. */
function layOut({ messages, comments = [] }, notes) {
  const items = [];
  const byMid = new Map(messages.map((message) => [message.mid, message]));
  const said = messages.map((message) => ({ at: message.at, message }));
  const beside = [...comments.map(besideOf), ...notes];
  let previous = null, open = null;
  for (const { at, message, item } of [...said, ...beside].sort((a, b) => a.at - b.at)) {
    const newDay = !previous || new Date(previous.at).toDateString() !== new Date(at).toDateString();
    const stamped = newDay || at - previous.at > HOUR;
    const key = item?.key ?? message.mid;
    if (stamped) items.push({ key: `stamp ${key}`, print: stampText(at), build: () => el('div', { class: 'stamp' }, stampText(at)) });
    if (item) {
      items.push(item);
      [previous, open] = [{ at, from: null }, null];
      continue;
    }
    const joined = !stamped && open && previous.from === message.from && at - previous.at < 5 * MINUTE;
    if (joined) open.last = false;
    const print = JSON.stringify([message, byMid.get(message.reply_to)?.text, nameOf(message.from)]);
    open = { key, print, first: !joined, last: true, message, build: () => drawn(message, byMid) };
    items.push(open);
    previous = message;
  }
  return items;
}

const besideOf = (comment) => (
  { at: comment.at, item: { key: `comment ${comment.id}`, print: JSON.stringify(comment), build: () => commentRow(comment) } });

/** One message of a shape that nobody foresaw must not keep the others from being drawn. */
function drawn(message, byMid) {
  try {
    return rowOf(message, byMid, events.onWire);
  } catch (error) {
    console.error(error);
    return plainRow(message, events.onWire);
  }
}

/** Touches only what changed: the log announces exactly the new messages, and
    neither the focus nor a loaded image is lost to a redraw. */
function reconcile(log, items, known) {
  const wanted = new Set(items.map(({ key }) => key));
  for (const [key, { node }] of rows) if (!wanted.has(key)) { node.remove(); rows.delete(key); }
  let place = log.firstChild;
  for (const item of items) {
    let row = rows.get(item.key);
    if (row?.print !== item.print) {
      const node = item.build();
      if (row) {
        const focused = row.node.contains(document.activeElement);
        if (place === row.node) place = node;
        row.node.replaceWith(node);
        if (focused) { makeCurrent(node); node.focus({ preventScroll: true }); }
      } else if (known && item.message) flash(node);
      row = { node, print: item.print };
      rows.set(item.key, row);
    }
    if (item.message) for (const end of ['first', 'last']) row.node.classList.toggle(end, item[end]);
    if (row.node === place) place = place.nextSibling;
    else log.insertBefore(row.node, place);
  }
  const current = currentRow();
  if (!log.contains(current) || current !== document.activeElement?.closest('.row')) makeCurrent([...log.querySelectorAll('.row')].at(-1));
}
