// The reactions a person can give, and the little box to choose from.

import { act } from './acts.js';
import { el, iconButton } from './dom.js';
import { onInstagram } from './state.js';

export const REACTIONS = [['love', '❤️'], ['smile', '😆'], ['laugh', '😂'], ['wow', '😮'], ['sad', '😢'], ['angry', '😠'], ['like', '👍'], ['dislike', '👎'], ['other', '🚀']];

// Messenger says "smile" where Instagram says "laugh", and only Messenger has a thumb that points down.
const known = () => {
  const strange = onInstagram() ? ['smile', 'dislike'] : ['laugh'];
  return REACTIONS.filter(([name]) => !strange.includes(name));
};

export function reactButton(row, message) {
  const opener = iconButton('smile', 'React', toggle, 'react');
  opener.setAttribute('aria-expanded', 'false');
  let picker = null;
  const close = () => {
    const open = picker;
    picker = null; // first: removing the focused node calls back in here
    open?.remove();
    opener.setAttribute('aria-expanded', 'false');
  };
  function toggle() {
    if (picker) return close();
    picker = pickerOf(message, () => { close(); row.focus({ preventScroll: true }); });
    picker.addEventListener('keydown', ({ key }) => { if (key === 'Escape') { close(); opener.focus(); } });
    picker.addEventListener('focusout', ({ relatedTarget: to }) => { if (to !== opener && !picker?.contains(to)) close(); });
    // Some browsers do not focus a pressed button: without this the focus would
    // leave, and the picker would be gone before the click lands.
    picker.addEventListener('mousedown', (event) => event.preventDefault());
    opener.setAttribute('aria-expanded', 'true');
    row.append(picker);
    picker.firstChild.focus({ preventScroll: true });
    picker.scrollIntoView({ block: 'nearest' });
  }
  return opener;
}

function pickerOf({ mid, reactions = [] }, done) {
  const mine = reactions.find(({ from }) => from === 'person');
  return el('div', { class: 'picker', role: 'group', 'aria-label': 'Reactions' }, known().map(([reaction, emoji]) => {
    const chosen = mine?.reaction === reaction || mine?.emoji === emoji;
    const press = () => { done(); act(chosen ? { do: 'unreact', mid } : { do: 'react', mid, reaction, emoji }); };
    return el('button', { type: 'button', 'data-reaction': reaction, 'aria-label': reaction, 'aria-pressed': String(chosen), onclick: press }, emoji);
  }));
}
