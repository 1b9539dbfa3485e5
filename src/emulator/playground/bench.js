// What no person can do: move the time, break something, begin anew.

import { $, announce, el, setText } from './dom.js';
import { api, coalesce, quietly } from './emulator.js';
import { showError } from './notice.js';
import { state } from './state.js';
import { dayText, emulatorNow, MINUTE, secondText, spanText } from './time.js';
import { renderWindow } from './window.js';

const FAULTS = {
  send: {
    label: 'Next Graph calls',
    kinds: { rate_limit: 'Rate limit (613)', token_expired: 'Token expired (190)', temporary: 'Temporary error (2)', blocked: 'Blocked (368)', lost_answer: 'Answer is lost', slow: 'Answer is 3 s late' },
  },
  push: {
    label: 'Next webhooks',
    kinds: { duplicate: 'Delivered twice', reorder: 'Out of order', delay: 'Late', drop_then_retry: 'Lost, then retried', batch: 'Batched with the next', echo_late: 'Echo is late', echo_lost: 'Echo is lost', echo_other_id: 'Echo under the other id', edit_beside: 'Edit beside the message', edit_alone: 'Edit without its message', edit_bare: 'Edit without sender and text', half_surrogate: 'Half an emoji' },
  },
};

/* ---------- the clock ---------- */

export function setClock({ now }) {
  state.clockOffset = now - Date.now();
  renderTime();
}

export const loadClock = async () => setClock(await api('/clock'));

/** Everything on the page that goes with the clock. */
export function renderTime() {
  const now = emulatorNow(), ahead = Math.round(state.clockOffset / MINUTE) * MINUTE;
  setText($('clock-day'), dayText(now));
  setText($('clock-time'), secondText(now));
  $('clock-ahead').hidden = ahead < MINUTE;
  setText($('clock-ahead'), `${spanText(ahead)} ahead`);
  renderWindow();
}

async function advance(by) {
  try {
    setClock(await api('/clock', { advance: by }));
    announce(`The clock was moved by ${by}`);
  } catch (error) { showError(error); }
}

/* ---------- faults ---------- */

export const loadFaults = coalesce(async () => renderFaults((await api('/faults')).faults));

/** Faults are used up as calls go by, and others may script some too. */
export function recheckFaults({ error }) {
  if (error || !$('pending').hidden) quietly(loadFaults());
}

function renderFaults(faults) {
  const shown = faults.map((fault) => {
    const side = fault.send ? 'send' : 'push', kind = fault[side];
    return el('li', { 'data-fault': kind }, FAULTS[side].kinds[kind] ?? kind, fault.times > 1 && el('b', {}, ` × ${fault.times}`));
  });
  $('pending').replaceChildren(...shown);
  $('pending').hidden = shown.length === 0;
}

async function addFault() {
  const [side, kind] = $('fault').value.split(':');
  try {
    renderFaults((await api('/faults', { [side]: kind, times: $('fault-times').valueAsNumber })).faults);
    announce(`Scripted: ${FAULTS[side].kinds[kind]}`);
  } catch (error) { showError(error); }
}

/* ---------- a new beginning ---------- */

// Two presses: everything said would be gone by one slip.
function reset() {
  const button = $('reset');
  if (button.dataset.armed) {
    disarm();
    return api('/reset', {}).then(() => announce('Everything is as in the beginning'), showError);
  }
  button.dataset.armed = 'true';
  setText(button, 'Really reset?');
}

function disarm() {
  delete $('reset').dataset.armed;
  setText($('reset'), 'Reset');
}

export function bindBench() {
  const groups = Object.entries(FAULTS).map(([side, { label, kinds }]) =>
    el('optgroup', { label }, Object.entries(kinds).map(([kind, words]) => el('option', { value: `${side}:${kind}` }, words))));
  $('fault').replaceChildren(...groups);
  for (const button of document.querySelectorAll('[data-advance]')) button.addEventListener('click', () => advance(button.dataset.advance));
  $('advance-form').addEventListener('submit', (event) => { event.preventDefault(); advance($('advance-by').value.trim()); });
  $('fault-form').addEventListener('submit', (event) => { event.preventDefault(); addFault(); });
  $('reset').addEventListener('click', reset);
  $('reset').addEventListener('blur', disarm);
  setInterval(renderTime, 1000);
}
