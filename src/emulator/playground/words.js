// What crosses the wire, in plain words.

import { entryOf, spaced } from './dom.js';
import { state } from './state.js';

export const WHY = {
  webhook: 'Meta signs every webhook with your app secret; the server answers 200 only once it is on disk.',
  graph: 'Your server writes by calling Meta back, with the access token of the account it answers for.',
  verify: 'Before any webhook, Meta asks your callback for the verify token and expects its challenge back.',
};

export const HEADER_NOTES = {
  'x-hub-signature-256': 'The signature: HMAC-SHA256 of the exact body, keyed with your app secret. Only Meta and you can make it, so your server trusts nothing without it.',
  authorization: 'The access token: it says which account is writing, and that you may write for it.',
};

const LISTS = ['messaging', 'standby', 'changes', 'calls'];

/** The items of a webhook, from every list they stand in. An entry without a list is an item itself. */
export function eventsOf({ request }) {
  return [request?.entry ?? []].flat().flatMap((entry) => {
    const lists = LISTS.map((name) => entry?.[name]).filter(Boolean);
    return lists.length || !entry ? lists.flat() : [entry];
  });
}

export const addressOf = ({ url }) => new URL(URL.canParse(url, location.origin) ? url : '/', location.origin);

export function titleOf(exchange) {
  if (exchange.kind === 'verify') return 'Callback verification';
  return exchange.kind === 'webhook' ? webhookTitle(exchange) : graphTitle(exchange);
}

const KNOWN = {
  postback: ['button pressed', 'by'], read: ['messages read', 'by'], delivery: ['delivery', 'to'], message_edit: ['message edited', 'by'],
  optin: ['opt-in', 'of'], referral: ['link followed', 'by'], comments: ['comment', 'by'], live_comments: ['live comment', 'by'],
  messaging_feedback: ['feedback', 'from'], response_feedback: ['thumb', 'from'], policy_enforcement: ['policy enforcement', 'for'],
  take_thread_control: ['conversation taken from the app,', 'with'], pass_thread_control: ['conversation passed to the app,', 'with'],
  call_permission_reply: ['call permission reply', 'from'],
  request_thread_control: ['conversation asked for by the inbox,', 'with'],
};

function eventWords({ message, reaction, value, ...event }) {
  if (message?.is_echo) return ['echo of the message', 'to'];
  if (message?.is_deleted) return ['message unsent', 'by'];
  if (message) return [message.quick_reply ? 'quick reply' : message.attachments?.[0]?.type ?? 'message', 'from'];
  if (reaction) return reaction.action === 'unreact' ? ['reaction withdrawn', 'by'] : ['reaction', 'from'];
  if (event.field === 'feed') return feedWords(value ?? {});
  if (event.call_direction) return event.event === 'terminate' ? ['call ended', 'by'] : ['call', 'from'];
  if (event.account_linking) return [`accounts ${event.account_linking.status}`, 'by'];
  const other = event.field ?? Object.keys(event).find((key) => !['sender', 'recipient', 'timestamp'].includes(key)) ?? 'event';
  return entryOf(KNOWN, other) ?? [spaced(other), 'for'];
}

const FEED_VERBS = { edited: ' edited', remove: ' removed' };

const feedWords = ({ item, verb }) => [`${item === 'comment' ? 'comment' : 'visitor post'}${FEED_VERBS[verb] ?? ''}`, 'by'];

function webhookTitle(exchange) {
  const events = eventsOf(exchange);
  if (!events.length) return 'Webhook';
  const [what, how] = eventWords(events[0]);
  const more = events.length > 1 ? `, and ${events.length - 1} more` : '';
  return `Webhook — ${what}${exchange.person ? ` ${how} ${exchange.person}` : ''}${more}`;
}

const ACTIONS = { typing_on: 'typing indicator', typing_off: 'end of typing', mark_seen: 'seen receipt', react: 'reaction', unreact: 'reaction withdrawn' };

function sendWords(body) {
  const { sender_action: action, message } = body ?? {};
  if (action) return entryOf(ACTIONS, action) ?? action;
  const attachment = message?.attachment ?? message?.attachments?.[0];
  if (message?.template) return 'utility template';
  if (attachment?.type === 'template') return `${spaced(attachment.payload?.template_type)} template`.trim();
  if (attachment) return attachment.type;
  return message?.quick_replies?.length ? 'text with quick replies' : message?.text !== undefined ? 'text' : 'message';
}

function graphTitle(exchange) {
  const { method, person, request } = exchange;
  const last = addressOf(exchange).pathname.split('/').filter(Boolean).pop() ?? '';
  if (method === 'POST' && last === 'messages') return `Send API — ${sendWords(request)}${person ? ` to ${person}` : ''}`;
  const named = state.world?.people.find(({ ids }) => Object.values(ids).includes(last))?.name;
  return `Graph API — ${named ? `profile of ${named}` : /^\d+$/.test(last) ? 'account' : spaced(last)}`;
}
