// What the templates with a form of their own are made of.

import { el, webUrl } from './dom.js';

export const card = (...children) => el('div', { class: 'card wide' }, ...children);

export const words = (title, subtitle, ...more) => el('div', { class: 'card-text', dir: 'auto' },
  title && el('b', {}, title), subtitle && el('small', {}, subtitle), more);

export function privacyLink(privacy) {
  const href = webUrl(privacy?.url);
  return href && el('a', { class: 'small-print', href, target: '_blank', rel: 'noopener noreferrer' }, 'Privacy policy');
}
