// The two lists that grow at their end: they stay there until the reader scrolls away.

import { $ } from './dom.js';

/** Keeps a scroller at its end, until the reader scrolls away from it. */
function follow(scroller, content, jump) {
  let pinned = true, last = 0;
  const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
  const settle = () => {
    if (pinned) scroller.scrollTop = scroller.scrollHeight;
    jump.hidden = pinned || atEnd();
  };
  // Only an upward move unpins: content may grow between a scroll and its event.
  scroller.addEventListener('scroll', () => {
    if (!scroller.clientHeight) return;
    if (atEnd()) pinned = true;
    else if (scroller.scrollTop < last) pinned = false;
    last = scroller.scrollTop;
    jump.hidden = pinned || atEnd();
  }, { passive: true });
  const watcher = new ResizeObserver(settle);
  watcher.observe(scroller);
  watcher.observe(content);
  const follower = { pin() { pinned = true; settle(); }, release() { pinned = false; settle(); } };
  jump.addEventListener('click', follower.pin);
  return follower;
}

export const chatEnd = follow($('chat-scroller'), $('thread'), $('chat-jump'));
export const wireEnd = follow($('wire-scroller'), $('exchanges'), $('wire-jump'));
