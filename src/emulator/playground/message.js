// One message as a row of the conversation, with what can be done to it.

import { act } from './acts.js';
import { attachmentOf } from './attachments.js';
import { changeMessage, replyTo } from './composer.js';
import { el, icon, iconButton, webUrl } from './dom.js';
import { gist } from './gist.js';
import { REACTIONS, judgeButton, reactButton } from './reactions.js';
import { currentPlatform, nameOf, onInstagram, state } from './state.js';
import { clockText, stampText } from './time.js';

/** The row of a message. `byMid`: the others, for what it answers. `onWire`: shows it on the wire. */
export function rowOf(message, byMid, onWire) {
  const { from, at } = message;
  const persona = personaOf(message);
  const row = el('div', { class: 'row', role: 'article', 'data-from': from, 'aria-label': `${persona?.name ?? nameOf(from)}, ${clockText(at)}`, tabindex: -1 });
  row.append(
    from === 'business' ? faceOf(persona) : '',
    el('div', { class: 'stack' },
      persona?.name && el('div', { class: 'persona' }, persona.name),
      quoteOf(message, byMid), bubbleOf(message), reactionsOf(message), captionOf(message)),
    el('div', { class: 'actions' }, actionsOf(message, row, onWire)));
  for (const stop of row.querySelectorAll('button, a, input')) stop.tabIndex = -1;
  return row;
}

/** The row of a message that cannot be drawn: what it says is still on the wire. */
export function plainRow(message, onWire) {
  const { from, mid } = message;
  const bubble = el('div', { class: 'bubble gone', 'data-from': from, 'data-mid': mid }, 'A message that cannot be drawn here');
  const button = iconButton('wire', 'Show on the wire', () => onWire(message), 'on-wire');
  button.tabIndex = -1;
  return el('div', { class: 'row', role: 'article', 'data-from': from, 'aria-label': nameOf(from), tabindex: -1 },
    el('div', { class: 'stack' }, bubble), el('div', { class: 'actions' }, button));
}

function actionsOf(message, row, onWire) {
  const { from, mid, deleted } = message;
  const mine = from === 'person';
  return [
    !deleted && !mine && reactButton(row, message),
    !deleted && !mine && judgeButton(row, message),
    !deleted && iconButton('reply', 'Reply', () => replyTo(message), 'reply'),
    !deleted && mine && message.text && iconButton('edit', 'Edit', () => changeMessage(message), 'edit'),
    !deleted && mine && !message.postback && onInstagram() && iconButton('bin', 'Unsend', () => act({ do: 'unsend', mid }), 'unsend'),
    iconButton('wire', 'Show on the wire', () => onWire(message), 'on-wire'),
  ];
}

/** Who speaks for the business, where the emulator tells. */
function personaOf({ persona, persona_id: id }) {
  return persona ?? (id && (state.chat?.personas ?? []).find((one) => String(one.id) === String(id)));
}

function faceOf(persona) {
  const src = webUrl(persona?.profile_picture_url);
  const inside = src ? el('img', { src, alt: '', referrerpolicy: 'no-referrer' }) : persona?.name ? persona.name.charAt(0) : icon(currentPlatform().glyph);
  return el('span', { class: 'face', 'aria-hidden': 'true' }, inside);
}

function bubbleOf(message) {
  const bubble = el('div', { class: 'bubble', 'data-from': message.from, 'data-mid': message.mid, title: stampText(message.at) });
  if (message.deleted) {
    bubble.classList.add('gone');
    bubble.append('Message unsent');
    return bubble;
  }
  const text = message.text ?? message.postback?.title;
  const parts = (message.attachments ?? []).map((attachment) => attachmentOf(attachment, message));
  if (text) bubble.append(el('div', { class: 'said', dir: 'auto' }, linked(text)));
  if (parts.length > 1) bubble.append(el('div', { class: 'album' }, parts));
  else bubble.append(...parts);
  bubble.classList.toggle('bare', !text && parts.length > 0);
  // A few emoji alone are drawn large, as both apps do.
  bubble.classList.toggle('large', !parts.length && /^(?:\p{Extended_Pictographic}[\u{FE0F}\u{200D}\u{1F3FB}-\u{1F3FF}]*){1,4}$/u.test(text ?? ''));
  if (!text && !parts.length) bubble.append(el('span', { class: 'said' }, 'Empty message'));
  return bubble;
}

/** Text with its web addresses as links; everything else stays plain text. */
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/).map((part, index) => {
    const href = index % 2 ? webUrl(part) : null;
    return href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, part) : part;
  });
}

function quoteOf({ reply_to: reply }, byMid) {
  if (!reply) return null;
  const quoted = byMid.get(reply);
  return el('div', { class: 'quote', dir: 'auto' }, icon('reply', 'tiny'), el('span', {}, gist(quoted)));
}

function reactionsOf({ reactions = [] }) {
  if (!reactions.length) return null;
  const emojiOf = ({ emoji, reaction }) => emoji ?? REACTIONS.find(([name]) => name === reaction)?.[1] ?? reaction;
  return el('div', { class: 'reactions' }, reactions.map((one) => {
    const label = `${nameOf(one.from)} reacted with ${one.reaction ?? one.emoji}`;
    return el('span', { role: 'img', 'data-from': one.from, 'aria-label': label, title: label }, emojiOf(one));
  }));
}

function captionOf(message) {
  const pressed = message.postback?.payload ?? message.quick_reply?.payload ?? message.quick_reply;
  const other = message.from === 'business' && message.app_id && String(message.app_id) !== state.world?.app.id;
  if (!pressed && !message.edits && !other) return null;
  return el('div', { class: 'caption' },
    pressed && 'payload ', pressed && el('code', {}, String(pressed)), message.edits > 0 && ' Edited', other && ' Written by another app');
}
