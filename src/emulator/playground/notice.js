// What the emulator would not do, and why, above every view: it may have been asked in any of them.

import { $, el, iconButton } from './dom.js';

export function showError(error) {
  $('notice').replaceChildren(
    el('div', {}, error.message, error.hint && el('small', {}, error.hint)),
    iconButton('close', 'Dismiss', hideNotice));
  $('notice').hidden = false;
}

export function hideNotice() { $('notice').hidden = true; }
