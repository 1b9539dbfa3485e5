// Where the person writes: a new message, an answer to something, or something of their own again.

import { act, say } from './acts.js';
import { $, setText } from './dom.js';
import { gist } from './gist.js';
import { hideNotice } from './notice.js';
import { nameOf, state } from './state.js';

/** What the next text is for: null for a new message, else `{ title, about, changes, send }`. */
let purpose = null;

export function replyTo(message) {
  const title = `Reply to ${message.from === 'person' ? 'yourself' : nameOf(message.from)}`;
  setPurpose({ title, about: gist(message), send: (text) => say({ text, reply_to: message.mid }) });
}

export function changeMessage(message) {
  change('Edit your message', message.text, (text) => act({ do: 'edit', mid: message.mid, text }));
}

export function answerComment({ id, text: about }) {
  setPurpose({ title: 'Answer below the comment', about, send: (text) => act({ do: 'comment', text, reply_to: id }) });
}

export function changeComment({ id, text: about, is_post: isPost }) {
  change(`Edit your ${isPost ? 'post' : 'comment'}`, about, (text) => act({ do: 'comment', edit: true, comment_id: id, text }));
}

function change(title, about, send) {
  setPurpose({ title, about, changes: true, send });
  write(about);
}

/** Back to a new message. What was to be edited is not left lying in the field. */
export function dropPurpose() {
  if (purpose?.changes) write('');
  setPurpose(null, false);
}

function setPurpose(wanted, focus = true) {
  purpose = wanted;
  $('purpose').hidden = !wanted;
  if (wanted) {
    setText($('purpose-kind'), wanted.title);
    setText($('purpose-gist'), wanted.about);
  }
  if (focus) $('composer').focus();
}

function write(text) {
  $('composer').value = text;
  composerChanged();
}

function composerChanged() {
  const { value } = $('composer');
  $('grow').dataset.value = value;
  $('send').disabled = value.trim() === '';
}

/** Puts the cursor into the composer, unless the focus would throw a keyboard over the conversation. */
export function focusComposer() {
  if (matchMedia('(hover: hover)').matches) $('composer').focus();
}

async function submit() {
  const composer = $('composer'), text = composer.value.trim(), meant = purpose;
  if (!text || !state.account) return;
  write('');
  setPurpose(null);
  const taken = await (meant ? meant.send(text) : say({ text }));
  if (!taken && composer.value === '') { write(text); setPurpose(meant, false); }
}

export function bindComposer() {
  $('composer').addEventListener('input', () => { composerChanged(); hideNotice(); });
  $('composer').addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && purpose) dropPurpose();
    // While an input method composes, Enter chooses a word and must not send.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  $('compose-form').addEventListener('submit', (event) => { event.preventDefault(); submit(); });
  $('purpose-drop').addEventListener('click', () => { dropPurpose(); $('composer').focus(); });
  $('starter').addEventListener('click', () => { focusComposer(); say({ text: 'hello' }); });
  composerChanged();
}
