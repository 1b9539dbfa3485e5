// What can be done from the sheet, by whom: the person, the business without the app, Meta.

import { act, rule, say } from './acts.js';
import { LIKE } from './attachments.js';
import { currentAccount, onInstagram, state } from './state.js';

const required = true;

const media = (type) => ({
  fields: [{ name: 'url', label: 'Its address', type: 'url', placeholder: 'https://…', required }],
  play: ({ url }) => say({ attachments: [{ type, payload: { url } }] }),
});

const comment = (more) => ({
  fields: [{ name: 'text', label: 'What it says', required }],
  play: ({ text }) => act({ do: 'comment', text, ...more }),
});

// Only who was asked for marketing messages has some to stop.
const unasked = () => !(state.chat?.messages ?? []).some(({ attachments = [] }) =>
  attachments.some(({ payload }) => payload?.template_type === 'notification_messages'));

const marketing = (action) => ({ off: unasked, play: () => act({ do: 'optin', type: 'marketing', action }) });

const BY_PERSON = [
  { name: 'image', icon: 'image', label: 'Image', ...media('image') },
  { name: 'video', icon: 'play', label: 'Video', ...media('video') },
  { name: 'audio', icon: 'sound', label: 'Audio', ...media('audio') },
  { name: 'file', icon: 'file', label: 'File', ...media('file') },
  { name: 'like', icon: 'like', label: 'Like sticker', off: onInstagram, play: () => say({ attachments: [{ type: 'sticker', payload: { sticker_id: Number(LIKE) } }] }) },
  { name: 'heart', icon: 'heart', label: 'Heart', off: () => !onInstagram(), play: () => say({ attachments: [{ type: 'like_heart' }] }) },
  {
    name: 'postback', icon: 'menu', label: 'Menu or Get Started',
    fields: [
      { name: 'title', label: 'Title', value: 'Get Started', required },
      { name: 'payload', label: 'Payload', value: 'GET_STARTED', required },
    ],
    play: ({ title, payload }) => say({ do: 'postback', title, payload }),
  },
  { name: 'read', icon: 'eye', label: 'Read it all', play: () => act({ do: 'read' }) },
  {
    name: 'referral', icon: 'link', label: 'Come by a link',
    fields: [{ name: 'ref', label: 'Its ref', value: 'spring', required }],
    play: ({ ref }) => act({ do: 'referral', ref }),
  },
  {
    name: 'optin', icon: 'check', label: 'Opt in by a plugin', off: onInstagram,
    fields: [
      { name: 'ref', label: 'Its ref', value: 'cart-9' },
      { name: 'user_ref', label: 'user_ref, for the checkbox' },
    ],
    play: ({ ref, user_ref }) => act({ do: 'optin', ref, user_ref }),
  },
  { name: 'stop', icon: 'block', label: 'Stop marketing', ...marketing('stop') },
  { name: 'resume', icon: 'check', label: 'Resume marketing', ...marketing('resume') },
  {
    name: 'link', icon: 'key', label: 'Link accounts', off: onInstagram,
    fields: [{ name: 'code', label: 'authorization_code, from your login page', value: 'ada-at-shop', required }],
    play: ({ code }) => act({ do: 'account_link', authorization_code: code }),
  },
  { name: 'unlink', icon: 'close', label: 'Unlink accounts', off: onInstagram, play: () => act({ do: 'account_link', status: 'unlinked' }) },
  { name: 'comment', icon: 'comment', label: 'Comment on a post', ...comment() },
  { name: 'live', icon: 'live', label: 'Live comment', off: () => !onInstagram(), ...comment({ live: true }) },
  { name: 'post', icon: 'edit', label: 'Write on the Page', off: onInstagram, ...comment({ post: true }) },
  { name: 'block', icon: 'block', label: 'Block', off: () => state.chat?.blocked, play: () => act({ do: 'block' }) },
  { name: 'unblock', icon: 'check', label: 'Unblock', off: () => !state.chat?.blocked, play: () => act({ do: 'unblock' }) },
];

const BY_BUSINESS = [
  {
    name: 'inbox', icon: 'inbox', label: 'Inbox answer',
    fields: [
      { name: 'text', label: 'What it says', required },
      { name: 'take', label: 'and take the conversation', type: 'checkbox' },
    ],
    play: ({ text, take }) => say({ do: 'inbox', text, take: Boolean(take) }),
  },
  {
    name: 'handover', icon: 'wire', label: 'Hand it over',
    fields: [
      {
        name: 'action', label: 'Who does what',
        options: { take: 'The inbox takes it', pass: 'The inbox passes it to your app', request: 'The inbox asks your app for it', release: 'The inbox lets it go' },
      },
      { name: 'metadata', label: 'metadata, if any' },
    ],
    play: ({ action, metadata }) => act({ do: 'handover', action, metadata }),
  },
];

const BY_META = [
  {
    name: 'enforce', icon: 'flag', label: 'Enforce a policy',
    // Meta has no such webhook for an account with Instagram Login.
    off: () => currentAccount()?.platform === 'instagram-login',
    fields: [
      { name: 'action', label: 'What it does', options: { warning: 'Warn the account', block: 'Block what it sends', unblock: 'Let it send again' } },
      { name: 'reason', label: 'reason, if any' },
    ],
    play: ({ action, reason }) => rule({ do: 'enforce', action, reason }),
  },
  { name: 'end_live', icon: 'live', label: 'End the live video', off: () => !onInstagram(), play: () => rule({ do: 'end_live' }) },
];

/** By whom, and what. An act without fields is done at once; `off` tells when it cannot be done. */
export const DEEDS = [
  { by: () => `As ${state.person}`, acts: BY_PERSON },
  { by: () => `As ${state.account}, without your app`, acts: BY_BUSINESS },
  { by: () => `As Meta, to ${state.account}`, acts: BY_META },
];
