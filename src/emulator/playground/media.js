// Pictures, and the chips that stand for what cannot be drawn.

import { capital, el, icon, spaced, webUrl } from './dom.js';

/** A picture by its address, or a word on why there is none. */
export function pictureOf(address, alt, className = 'media') {
  const src = webUrl(address) ?? (/^data:image\//.test(address) ? address : null);
  if (!src) return fileChip('image', null, 'Image without an address');
  const picture = el('img', { class: className, src, alt, loading: 'lazy', referrerpolicy: 'no-referrer' });
  picture.addEventListener('error', () => picture.replaceWith(fileChip('image', address, 'Image that does not load')), { once: true });
  return picture;
}

/** What was uploaded before is known here by its id alone. */
export function uploaded(type, { attachment_id: id }) {
  return el('div', { class: 'media placeholder', role: 'img', 'aria-label': `Uploaded ${spaced(type)}` },
    icon(type === 'image' ? 'image' : type === 'video' ? 'play' : 'file'),
    el('span', {}, `Uploaded ${spaced(type)}`, el('small', {}, String(id ?? ''))));
}

export function fileChip(type, address, label) {
  const href = webUrl(address);
  const name = href ? decodeName(new URL(href)) : '';
  const text = label ?? [capital(spaced(type ?? 'attachment')), name].filter(Boolean).join(' · ');
  const inside = [icon(type === 'image' ? 'image' : 'file'), el('span', {}, text)];
  return href ? el('a', { class: 'chip-file', href, target: '_blank', rel: 'noopener noreferrer' }, inside) : el('span', { class: 'chip-file' }, inside);
}

function decodeName({ pathname, host }) {
  const last = pathname.split('/').pop();
  try { return decodeURIComponent(last) || host; } catch { return last; }
}
