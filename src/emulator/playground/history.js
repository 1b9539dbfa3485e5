// What the wire tells of the conversation beyond its messages: what else the person did, and what has arrived where.

import { nameOf, isCurrent, onInstagram, state } from './state.js';

/** The items of a webhook, with the list each stood in. */
export function eventsOf({ request }) {
  return [request?.entry ?? []].flat().flatMap((entry) => [entry?.messaging, entry?.standby, entry?.changes].flatMap((list) => list ?? []));
}

const ours = () => [...state.exchanges.values()].filter((one) => one.kind === 'webhook' && isCurrent(one));

/** What the person did that is no message: `{ at, note: { key, text } }`, once however often it was delivered. */
export function notesOf() {
  const found = new Map();
  for (const exchange of ours()) {
    for (const event of eventsOf(exchange)) {
      const text = noteOf(event);
      if (!text) continue;
      const key = `note ${JSON.stringify(event)}`;
      if (!found.has(key)) found.set(key, { at: event.timestamp ?? exchange.at, note: { key, text } });
    }
  }
  return [...found.values()];
}

function noteOf({ referral, optin, field, value }) {
  const who = nameOf('person');
  if (referral) return `${who} came by a link${referral.ref ? ` (${referral.ref})` : ''}`;
  if (optin?.type) return `${who} answered “${optin.title ?? optin.payload ?? optin.type}”: ${optin.notification_messages_status?.toLowerCase() ?? 'yes'}`;
  if (optin) return `${who} opted in${optin.user_ref ? ` by the checkbox (${optin.user_ref})` : optin.ref ? ` (${optin.ref})` : ''}`;
  if (field === 'comments' || field === 'live_comments') return `${who} commented: ${value?.text ?? ''}`;
  if (field !== 'feed' || (value?.verb ?? 'add') !== 'add') return null;
  return value?.item === 'comment' ? `${who} commented: ${value.message ?? ''}` : `${who} wrote on the Page: ${value?.message ?? ''}`;
}

/** What stands under the last message. */
export function receiptOf({ messages, seen }) {
  const last = messages.at(-1);
  if (!last || last.deleted) return null;
  if (last.from === 'business') return isRead(last) ? `Read by ${nameOf('person')}` : null;
  return seen ? 'Seen' : isDelivered(last) ? 'Delivered' : 'Sent';
}

function isRead({ mid, at }) {
  return ours().some((one) => eventsOf(one).some(({ read }) => read && (onInstagram() ? read.mid === mid : read.watermark >= at)));
}

function isDelivered({ mid }) {
  return ours().some((one) => one.status === 200 && eventsOf(one).some((event) => (event.message ?? event.postback)?.mid === mid));
}
