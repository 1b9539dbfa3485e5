// What is done, one act after the other. What comes of it arrives by the stream.

import { api } from './emulator.js';
import { hideNotice, showError } from './notice.js';
import { chatEnd } from './scrollers.js';
import { state } from './state.js';

// Acts wait for each other, so that two quick messages keep their order.
let queue = Promise.resolve();

function perform(fields) {
  hideNotice();
  const sent = queue.then(() => api('/act', fields));
  queue = sent.catch(() => {});
  return sent.then(() => true, (error) => { showError(error); return false; });
}

/** In the conversation. Resolves to whether the emulator took the act. */
export const act = (fields) => perform({ person: state.person, account: state.account, ...fields });

/** To the account, by Meta. */
export const rule = (fields) => perform({ account: state.account, ...fields });

/** An act of writing: whatever was being read, its answer comes at the end. */
export function say(fields) {
  chatEnd.pin();
  return act({ do: 'message', ...fields });
}
