// Media, stickers and files, from either side.

import { el, icon, webUrl } from './dom.js';
import { fileChip, pictureOf, uploaded } from './media.js';
import { nameOf } from './state.js';
import { templateOf } from './templates.js';

/** Messenger's own like thumb. */
export const LIKE = '369239263222822';

export function attachmentOf({ type, payload, title, url: ownUrl }, message) {
  payload ??= {};
  const url = webUrl(payload.url ?? ownUrl);
  switch (type) {
    case 'template': return templateOf(payload, message);
    case 'image': return payload.url ? pictureOf(payload.url, `Image from ${nameOf(message.from)}`) : uploaded(type, payload);
    case 'sticker': return stickerOf(payload);
    case 'like_heart': return drawnSticker('heart', 'Heart');
    case 'video': return url ? el('video', { class: 'media', src: url, controls: true, preload: 'metadata', 'aria-label': `Video from ${nameOf(message.from)}` }) : uploaded(type, payload);
    case 'audio': return url ? el('audio', { class: 'media', src: url, controls: true, preload: 'none', 'aria-label': `Audio from ${nameOf(message.from)}` }) : uploaded(type, payload);
    case 'MEDIA_SHARE': return fileChip('image', null, `Shared post ${payload.id ?? ''}`);
    case 'location': return locationOf(payload, title);
    default: return url || !payload.attachment_id ? fileChip(type, url, payload.title ?? title) : uploaded(type, payload);
  }
}

function stickerOf({ sticker_id: id, url }) {
  if (webUrl(url)) return pictureOf(url, 'Sticker', 'media sticker-picture');
  if (String(id) === LIKE) return drawnSticker('like', 'Like');
  return el('div', { class: 'sticker-tile', role: 'img', 'aria-label': `Sticker ${id}` }, icon('smile'), el('small', {}, `Sticker ${id}`));
}

const drawnSticker = (name, label) => el('span', { class: `sticker ${name}`, role: 'img', 'aria-label': label }, icon(name));

function locationOf({ coordinates = {} }, title) {
  const { lat, long } = coordinates;
  return fileChip('location', null, [title ?? 'Location', Number.isFinite(lat) && `${lat}, ${long}`].filter(Boolean).join(' · '));
}
