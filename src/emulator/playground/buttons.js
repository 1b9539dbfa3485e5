// The buttons of templates, by their type.

import { act, say } from './acts.js';
import { capital, el, icon, safeUrl, spaced, webUrl } from './dom.js';

/** What only the real apps can do. */
const ELSEWHERE = {
  account_link: 'The address of the business to log in at is missing',
  account_unlink: 'Logging out happens at the business; there is nothing to emulate here',
  game_play: 'Games are played in the real apps only',
  audio_call: 'Calls are made in the real apps only',
};

const TITLES = { account_link: 'Log in', account_unlink: 'Log out', game_play: 'Play', audio_call: 'Call' };

export function buttonOf({ type, title, payload, url, text }) {
  const kind = String(type ?? '').toLowerCase(); // utility templates shout theirs
  const label = title ?? text ?? TITLES[kind] ?? (kind === 'url' ? 'Open' : capital(spaced(kind) || 'button'));
  switch (kind) {
    case 'web_url': case 'url': case 'account_link': return link(webUrl(url), label, kind);
    case 'phone_number': return link(safeUrl(`tel:${payload}`, 'tel:'), label, kind);
    case 'postback': return pressed(label, kind, payload, () => say({ do: 'postback', title: label, payload }));
    default: return unusable(label, kind);
  }
}

function link(href, label, kind) {
  if (!href) return unusable(label, kind);
  const outside = kind !== 'phone_number';
  return el('a', { class: 'card-button', href, 'data-type': kind, target: outside && '_blank', rel: outside && 'noopener noreferrer' },
    label, icon(outside ? 'open' : 'phone', 'tiny'));
}

function pressed(label, kind, payload, onclick) {
  return el('button', { type: 'button', class: 'card-button', 'data-type': kind, 'data-payload': payload, onclick }, label);
}

/** The button that gives the business the right it asks for. */
export function optinButton(label, { template_type: type, payload }) {
  return pressed(label, type, payload, () => act({ do: 'optin', type: type === 'notification_messages' ? 'marketing' : 'one_time' }));
}

export function unusable(label, kind, why = ELSEWHERE[kind] ?? `The playground does not act on ${spaced(kind) || 'such'} buttons`) {
  return el('button', { type: 'button', class: 'card-button', 'data-type': kind, disabled: true, title: why }, label);
}
