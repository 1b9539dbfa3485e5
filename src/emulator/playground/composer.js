// Where the person writes: a new message, an answer to one, or one of their own again.

import { act, say } from './acts.js';
import { $, setText } from './dom.js';
import { gist } from './gist.js';
import { hideNotice } from './notice.js';
import { nameOf, state } from './state.js';

/** What the next text is for: null for a new message, else `{ kind: 'reply' | 'edit', message }`. */
let purpose = null;

export const replyTo = (message) => setPurpose({ kind: 'reply', message });

export function changeMessage(message) {
  setPurpose({ kind: 'edit', message });
  write(message.text);
}

/** Back to a new message. What was to be edited is not left lying in the field. */
export function dropPurpose() {
  if (purpose?.kind === 'edit') write('');
  setPurpose(null, false);
}

function setPurpose(wanted, focus = true) {
  purpose = wanted;
  $('purpose').hidden = !wanted;
  if (wanted) {
    const { kind, message } = wanted;
    setText($('purpose-kind'), kind === 'edit' ? 'Edit your message' : `Reply to ${message.from === 'person' ? 'yourself' : nameOf(message.from)}`);
    setText($('purpose-gist'), gist(message));
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
  const taken = await carryOut(meant, text);
  if (!taken && composer.value === '') { write(text); setPurpose(meant, false); }
}

function carryOut(meant, text) {
  if (meant?.kind === 'edit') return act({ do: 'edit', mid: meant.message.mid, text });
  return say(meant ? { text, reply_to: meant.message.mid } : { text });
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
