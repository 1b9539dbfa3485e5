// The standard messaging window: how long the bot may still write.

import { $, announce, el, setText } from './dom.js';
import { state } from './state.js';
import { DAY, emulatorNow, spanText, untilText } from './time.js';

export function renderWindow() {
  const { opened_at: opened, closes_at: closes } = state.chat?.window ?? {};
  const left = (closes ?? 0) - emulatorNow();
  const name = state.chat?.blocked ? 'blocked' : !closes ? 'none' : left > 0 ? 'open' : 'closed';
  const before = $('window').dataset.state;
  $('window').dataset.state = name;
  if (name === 'open') renderOpen(closes, left);
  else setText($('window-text'), textOf(name));
  const share = name === 'open' ? Math.min(1, left / Math.max(1, closes - (opened ?? closes - DAY))) : 0;
  $('ring').setAttribute('stroke-dasharray', `${(share * 100).toFixed(1)} 100`);
  $('unblock').hidden = name !== 'blocked';
  if (before === 'open' && name === 'closed') announce('The window has closed.');
}

function renderOpen(closes, left) {
  const until = untilText(closes), rest = `(${spanText(left)} left)`;
  if ($('window-text').textContent === `The bot may write until ${until} ${rest}`) return;
  $('window-text').replaceChildren('The bot may write until ', el('strong', {}, until), ' ', el('span', { class: 'rest' }, rest));
}

function textOf(name) {
  if (name === 'blocked') return `${state.person} has blocked ${state.account}: nothing is delivered`;
  return name === 'closed' ? 'Window closed: the bot may not write until you do' : 'No window yet: the bot may not write until you do';
}
