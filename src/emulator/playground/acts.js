// What the person does, one act after the other. What comes of it arrives by the stream.

import { api } from './emulator.js';
import { hideNotice, showError } from './notice.js';
import { chatEnd } from './scrollers.js';
import { state } from './state.js';

// Acts wait for each other, so that two quick messages keep their order.
let queue = Promise.resolve();

/** Resolves to whether the emulator took the act. */
export function act(fields) {
  const { account, person } = state;
  hideNotice();
  const sent = queue.then(() => api('/act', { person, account, ...fields }));
  queue = sent.catch(() => {});
  return sent.then(() => true, (error) => { showError(error); return false; });
}

/** An act of writing: whatever was being read, its answer comes at the end. */
export function say(fields) {
  chatEnd.pin();
  return act({ do: 'message', ...fields });
}
