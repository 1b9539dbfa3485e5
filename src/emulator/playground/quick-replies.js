// The chips under the last message of the business.

import { say } from './acts.js';
import { pictureOf } from './media.js';
import { focusComposer } from './composer.js';
import { $, el, entryOf } from './dom.js';
import { state } from './state.js';

/** What the person's profile holds; the chip shows it, and it comes back as the payload. */
const PROFILE = {
  user_phone_number: () => '+4930901820',
  user_email: () => `${String(state.person).toLowerCase().replace(/[^a-z0-9]+/g, '.')}@mail.example`,
};

export function renderQuickReplies(last) {
  const replies = last?.from === 'business' ? last.quick_replies ?? [] : [];
  const box = $('quick-replies'), print = JSON.stringify([last?.mid, replies]);
  if (box.dataset.print === print) return;
  box.dataset.print = print;
  box.hidden = replies.length === 0;
  box.replaceChildren(...replies.map(chip));
}

function chip({ content_type: type, title, payload, image_url: image }) {
  const own = entryOf(PROFILE, type)?.();
  const text = own ?? title ?? '', tapped = own ?? String(payload ?? '');
  const press = () => { focusComposer(); say({ text: text || tapped || 'Picture', quick_reply: tapped }); };
  return el('button', { type: 'button', class: 'chip', dir: 'auto', 'data-payload': tapped, 'data-type': type, 'aria-label': text || tapped || 'Picture', onclick: press },
    image && pictureOf(image, '', 'chip-image'), text);
}
