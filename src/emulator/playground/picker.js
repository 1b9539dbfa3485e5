// A button on a row that opens a little box to choose from.

import { el, iconButton } from './dom.js';

/** `choices()`: what is in the box, as `{ label, face, chosen, data, play }`. */
export function pickerButton(row, name, label, className, choices) {
  const opener = iconButton(name, label, toggle, className);
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
    picker = pickerOf(label, choices(), () => { close(); row.focus({ preventScroll: true }); });
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

function pickerOf(label, choices, done) {
  return el('div', { class: 'picker', role: 'group', 'aria-label': label }, choices.map(({ label: name, face, chosen, data, play }) =>
    el('button', { type: 'button', ...data, 'aria-label': name, title: name, 'aria-pressed': chosen === undefined ? null : String(chosen), onclick: () => { done(); play(); } }, face)));
}
