// What a conversation holds beside its messages and comments: what else was done, and what has arrived where.

import { el } from './dom.js';
import { nameOf, state } from './state.js';

/** What was done that is no message, as items of the thread. */
export function notesOf({ deeds = [] }) {
  return deeds.map(noteOf).filter(Boolean);
}

function noteOf(deed, number) {
  const key = Object.keys(NOTES).find((name) => deed[name]);
  if (!key) return null;
  const text = NOTES[key](deed[key], nameOf('person'));
  return { at: deed.timestamp, item: { key: `deed ${number}`, print: text, build: () => el('div', { class: 'note', dir: 'auto' }, text) } };
}

/** By the key that tells what it is. */
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

function optinNote({ type, title, payload, ref, user_ref: userRef, notification_messages_status: status }, who) {
  if (status) return `${who} ${status.startsWith('STOP') ? 'stopped' : 'resumed'} marketing messages`;
  if (type) return `${who} answered “${title ?? payload ?? type}”: yes`;
  return `${who} opted in${userRef ? ` by the checkbox (${userRef})` : ref ? ` (${ref})` : ''}`;
}

const answerOf = ({ payload, follow_up: more }) => (more?.payload ? `${payload}, “${more.payload}”` : payload);

/** What stands under the last message. */
export function receiptOf({ messages, seen, read_at: readAt }) {
  const last = messages.at(-1);
  if (!last || last.deleted) return null;
  if (last.from === 'business') return readAt >= last.at ? `Read by ${nameOf('person')}` : null;
  return seen ? 'Seen' : last.delivered ? 'Delivered' : 'Sent';
}
