// Hundreds of messages must not be hundreds of tab stops. One row is current and its controls can be tabbed to; the arrow
// keys make another row current.

import { $ } from './dom.js';

let current = null;

export const currentRow = () => current;

export function makeCurrent(row) {
  const setStops = (node, index) => { for (const one of [node, ...node.querySelectorAll('button, a, input')]) one.tabIndex = index; };
  if (current && current !== row) setStops(current, -1);
  current = row ?? null;
  if (current) setStops(current, 0);
}

function moveAmongRows(event) {
  const all = [...$('messages').querySelectorAll('.row')];
  const at = all.indexOf(event.target.closest('.row'));
  const steps = { ArrowUp: at < 0 ? all.length - 1 : at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 };
  const target = all[steps[event.key]];
  if (!target || (at < 0 && event.key !== 'ArrowUp') || event.target.closest('.picker, input, audio, video')) return;
  event.preventDefault();
  makeCurrent(target);
  target.focus();
}

export function bindRows() {
  $('chat-scroller').addEventListener('keydown', moveAmongRows);
  $('messages').addEventListener('focusin', ({ target }) => {
    const row = target.closest('.row');
    if (row && row !== current) makeCurrent(row);
  });
}
