// What the person wrote beside the conversation: below a post or a live video, or on the Page.

import { act } from './acts.js';
import { answerComment, changeComment } from './composer.js';
import { el, icon, iconButton } from './dom.js';
import { onInstagram, state } from './state.js';
import { clockText } from './time.js';

/** The row of a comment, with what can be done to it. */
export function commentRow(comment) {
  const { id, at, text, removed } = comment;
  const place = placeOf(comment);
  const row = el('div', { class: 'row beside last', role: 'article', 'data-comment': id, 'aria-label': `${state.person} ${place}, ${clockText(at)}`, tabindex: -1 });
  row.append(
    el('div', { class: removed ? 'remark gone' : 'remark' },
      el('small', {}, icon('comment', 'tiny'), `${state.person} ${place}${removed ? ', and removed it' : ''}`),
      el('span', { dir: 'auto' }, text)),
    el('div', { class: 'actions' }, removed ? [] : actionsOf(comment)));
  for (const stop of row.querySelectorAll('button')) stop.tabIndex = -1;
  return row;
}

function placeOf({ is_post: isPost, is_live: isLive, reply_to: reply }) {
  if (isPost) return 'wrote on the Page';
  if (isLive) return 'commented on the live video';
  return reply ? 'answered a comment' : 'commented on a post';
}

// Of changed and removed comments only Facebook tells.
function actionsOf(comment) {
  return [
    !comment.is_post && !comment.is_live && iconButton('reply', 'Answer below it', () => answerComment(comment), 'reply'),
    !onInstagram() && iconButton('edit', 'Edit', () => changeComment(comment), 'edit'),
    !onInstagram() && iconButton('bin', 'Remove', () => act({ do: 'comment', remove: true, comment_id: comment.id }), 'remove'),
  ];
}
