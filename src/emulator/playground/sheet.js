// Everything else that can be done, behind the plus beside the composer: a list, and a form for what needs words.

import { act } from './acts.js';
import { DEEDS } from './deeds.js';
import { $, announce, el, icon, iconButton } from './dom.js';

export function closeSheet({ focus = false } = {}) {
  $('sheet').hidden = true;
  $('plus').setAttribute('aria-expanded', 'false');
  if (focus) $('plus').focus();
}

function openSheet() {
  $('sheet').hidden = false;
  $('plus').setAttribute('aria-expanded', 'true');
  showList();
}

function showList() {
  $('sheet').replaceChildren(...DEEDS.map(groupOf).filter(Boolean));
  $('sheet').scrollTop = 0;
  $('sheet').querySelector('.deed').focus();
}

function groupOf({ by, acts }) {
  const buttons = acts.filter(({ off }) => !off?.()).map((one) =>
    el('button', { type: 'button', class: 'deed', 'data-act': one.name, onclick: () => (one.fields ? showForm(one) : perform(one, {})) }, icon(one.icon), one.label));
  return buttons.length > 0 && el('section', { class: 'deeds', 'aria-label': by() }, el('h3', {}, by()), buttons);
}

function showForm(one) {
  const form = el('form', { class: 'deed-form', 'data-form': one.name },
    el('div', { class: 'deed-head' }, iconButton('left', 'Back to the list', showList), el('h3', {}, one.label)),
    one.fields.map(fieldOf), el('button', { class: 'small-button solid', type: 'submit' }, 'Do it'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    // What is left empty is not said at all.
    perform(one, Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== '')));
  });
  $('sheet').replaceChildren(form);
  form.querySelector('input, select').focus();
}

function fieldOf({ name, label, type = 'text', options, ...more }) {
  if (options) return el('label', {}, el('span', {}, label), choiceOf(name, options));
  const input = el('input', { name, type, autocomplete: 'off', 'data-field': name, ...more });
  return type === 'checkbox' ? el('label', { class: 'tick' }, input, el('span', {}, label)) : el('label', {}, el('span', {}, label), input);
}

function choiceOf(name, options) {
  const shown = Object.entries(options).map(([value, words]) => el('option', { value }, words));
  return el('span', { class: 'field' }, el('select', { name, 'data-field': name }, shown), icon('down', 'chevron'));
}

async function perform(one, values) {
  if (!await one.play(values)) return;
  closeSheet({ focus: $('sheet').contains(document.activeElement) });
  announce(`Done: ${one.label}`);
}

export function bindSheet() {
  $('plus').addEventListener('click', () => ($('sheet').hidden ? openSheet() : closeSheet()));
  $('sheet').addEventListener('keydown', ({ key }) => { if (key === 'Escape') closeSheet({ focus: true }); });
  $('unblock').addEventListener('click', () => act({ do: 'unblock' }));
  $('read').addEventListener('click', async () => { if (await act({ do: 'read' })) announce('Marked as read'); });
}
