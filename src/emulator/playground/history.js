// What the wire tells of the conversation beyond its messages: what else was done, and what has arrived where.

import { el } from './dom.js';
import { nameOf, onInstagram, state } from './state.js';

/** The items of a webhook, with the list each stood in. */
export function eventsOf({ request }) {
  return [request?.entry ?? []].flat().flatMap((entry) => [entry?.messaging, entry?.standby, entry?.changes].flatMap((list) => list ?? []));
}

// What names no person is told of the account, and of this conversation as well.
const isOurs = ({ kind, account, person }) => kind === 'webhook' && account === state.account && (person ?? state.person) === state.person;

const ours = () => [...state.exchanges.values()].filter(isOurs);

/** What was done that is no message, as items of the thread; once however often it was delivered. */
export function notesOf() {
  const found = new Map();
  for (const exchange of ours()) {
    for (const event of eventsOf(exchange)) {
      const text = noteOf(event);
      if (!text) continue;
      const key = `note ${JSON.stringify(event)}`;
      if (!found.has(key)) found.set(key, { at: event.timestamp ?? exchange.at, item: { key, print: text, build: () => el('div', { class: 'note', dir: 'auto' }, text) } });
    }
  }
  return [...found.values()];
}

/** By the key that tells what an event is. */
const NOTES = {
  referral: ({ ref }, who) => `${who} came by a link${ref ? ` (${ref})` : ''}`,
  optin: optinNote,
  account_linking: ({ status, authorization_code: code }, who) => `${who} ${status} accounts${code ? ` (${code})` : ''}`,
  messaging_feedback: ({ feedback_screens: screens = [] }, who) => `${who} gave feedback: ${screens.flatMap(({ questions = {} }) => Object.values(questions)).map(answerOf).join(', ')}`,
  response_feedback: ({ feedback }, who) => `${who} judged: ${feedback}`,
  take_thread_control: () => 'The inbox took the conversation',
  pass_thread_control: () => 'The conversation was passed to your app',
  request_thread_control: () => 'The inbox asks for the conversation',
  policy_enforcement: ({ action, reason }) => `Meta: ${action} of ${state.account}${reason ? `. ${reason}` : ''}`,
};

function noteOf(event) {
  const key = Object.keys(NOTES).find((name) => event[name]);
  return key ? NOTES[key](event[key], nameOf('person')) : null;
}

function optinNote({ type, title, payload, ref, user_ref: userRef, notification_messages_status: status }, who) {
  if (status) return `${who} ${status.startsWith('STOP') ? 'stopped' : 'resumed'} marketing messages`;
  if (type) return `${who} answered “${title ?? payload ?? type}”: yes`;
  return `${who} opted in${userRef ? ` by the checkbox (${userRef})` : ref ? ` (${ref})` : ''}`;
}

const answerOf = ({ payload, follow_up: more }) => (more?.payload ? `${payload}, “${more.payload}”` : payload);

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
