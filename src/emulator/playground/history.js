// What a conversation holds beside its messages: what else the person did, and what has arrived where.

import { nameOf } from './state.js';

/** What the person did that is no message: `{ at, note: { key, text } }`. */
export function notesOf({ deeds, comments }) {
  return [
    ...deeds.map((deed, number) => ({ at: deed.timestamp, note: { key: `deed ${number}`, text: deedText(deed) } })),
    ...comments.filter(({ removed }) => !removed).map((comment) => ({ at: comment.at, note: { key: `comment ${comment.id}`, text: commentText(comment) } })),
  ];
}

function deedText({ referral, optin, account_linking: login, messaging_feedback: form }) {
  const who = nameOf('person');
  if (referral) return `${who} came by a link${referral.ref ? ` (${referral.ref})` : ''}`;
  if (optin?.type) return `${who} answered “${optin.title ?? optin.payload ?? optin.type}”: ${optin.notification_messages_status?.toLowerCase() ?? 'yes'}`;
  if (optin) return `${who} opted in${optin.user_ref ? ` by the checkbox (${optin.user_ref})` : optin.ref ? ` (${optin.ref})` : ''}`;
  if (login) return `${who} logged ${login.status === 'linked' ? 'in' : 'out'} at the business`;
  return form ? `${who} filled in the feedback form` : `${who} rated a message`;
}

function commentText({ text, is_post: isPost }) {
  return `${nameOf('person')} ${isPost ? 'wrote on the Page' : 'commented'}: ${text}`;
}

/** What stands under the last message. */
export function receiptOf({ messages, seen, read_at: readAt }) {
  const last = messages.at(-1);
  if (!last || last.deleted) return null;
  if (last.from === 'business') return readAt >= last.at ? `Read by ${nameOf('person')}` : null;
  return seen ? 'Seen' : last.delivered ? 'Delivered' : 'Sent';
}
