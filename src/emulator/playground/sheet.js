// Everything else a person can do, behind the plus beside the composer: a list, and a form for what needs words.

import { act, say } from './acts.js';
import { LIKE } from './attachments.js';
import { $, announce, el, icon, iconButton } from './dom.js';
import { onInstagram, state } from './state.js';

const required = true;

const media = (type) => ({
  fields: [{ name: 'url', label: 'Its address', type: 'url', placeholder: 'https://…', required }],
  play: ({ url }) => say({ attachments: [{ type, payload: { url } }] }),
});

const comment = (more) => ({
  fields: [{ name: 'text', label: 'What it says', required }],
  play: ({ text }) => act({ do: 'comment', text, ...more }),
});

/** In the order of the list. What has no fields is done at once. */
const ACTS = [
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
  { name: 'comment', icon: 'comment', label: 'Comment on a post', ...comment() },
  { name: 'post', icon: 'edit', label: 'Write on the Page', off: onInstagram, ...comment({ post: true }) },
  { name: 'block', icon: 'block', label: 'Block', off: () => state.chat?.blocked, play: () => act({ do: 'block' }) },
  { name: 'unblock', icon: 'check', label: 'Unblock', off: () => !state.chat?.blocked, play: () => act({ do: 'unblock' }) },
];

export function closeSheet({ focus = false } = {}) {
  $('sheet').hidden = true;
  $('plus').setAttribute('aria-expanded', 'false');
  if (focus) $('plus').focus();
}

function openSheet() {
  $('sheet').hidden = false;
  $('plus').setAttribute('aria-expanded', 'true');
  showList();
}

function showList() {
  const buttons = ACTS.filter(({ off }) => !off?.()).map((one) =>
    el('button', { type: 'button', class: 'deed', 'data-act': one.name, onclick: () => (one.fields ? showForm(one) : perform(one, {})) }, icon(one.icon), one.label));
  $('sheet').replaceChildren(el('div', { class: 'deeds', role: 'group', 'aria-label': 'What you can do' }, buttons));
  buttons[0].focus();
}

function showForm(one) {
  const fields = one.fields.map(({ name, label, type = 'text', ...more }) =>
    el('label', {}, el('span', {}, label), el('input', { name, type, autocomplete: 'off', 'data-field': name, ...more })));
  const form = el('form', { class: 'deed-form', 'data-form': one.name },
    el('div', { class: 'deed-head' }, iconButton('left', 'Back to the list', showList), el('h3', {}, one.label)),
    fields, el('button', { class: 'small-button solid', type: 'submit' }, 'Do it'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    // What is left empty is not said at all.
    perform(one, Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== '')));
  });
  $('sheet').replaceChildren(form);
  form.querySelector('input').focus();
}

async function perform(one, values) {
  if (!await one.play(values)) return;
  closeSheet({ focus: $('sheet').contains(document.activeElement) });
  announce(`Done: ${one.label}`);
}

export function bindSheet() {
  $('plus').addEventListener('click', () => ($('sheet').hidden ? openSheet() : closeSheet()));
  $('sheet').addEventListener('keydown', ({ key }) => { if (key === 'Escape') closeSheet({ focus: true }); });
  $('unblock').addEventListener('click', () => act({ do: 'unblock' }));
  $('read').addEventListener('click', async () => { if (await act({ do: 'read' })) announce('Marked as read'); });
}
