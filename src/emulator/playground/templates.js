// Templates as the apps draw them: cards, and cards beside each other.

import { say } from './acts.js';
import { buttonOf } from './buttons.js';
import { el, entryOf, iconButton, webUrl } from './dom.js';
import { fileChip, pictureOf, uploaded } from './media.js';
import { FORMS } from './template-forms.js';

const DRAWN = {
  generic: ({ elements = [] }) => carousel(elements.map((one) => cardOf(one))),
  button: ({ text, buttons }) => cardOf({ text, buttons }, 'card wide'),
  media: ({ elements = [] }) => carousel(elements.map(mediaCard)),
  product: ({ elements = [] }) => carousel(elements.map(({ id }) => cardOf({ title: 'Product', subtitle: `Catalogue item ${id}` }))),
  image_grid: ({ elements = [] }) => carousel(elements.map(gridCard)),
  ...FORMS,
};

export function templateOf(payload, message) {
  const { template_type: kind, name, text, buttons } = payload;
  // Utility templates are named, not typed: their text lies with Meta.
  const node = entryOf(DRAWN, kind)?.(payload, message) ?? (name ? utilityCard(payload) : text || buttons ? cardOf({ text, buttons }) : fileChip(`${kind ?? 'unknown'} template`));
  node.dataset.template = kind ?? (name ? 'utility' : 'unknown');
  return node;
}

/** Cards beside each other; two buttons move them for who has no way to scroll sideways. */
function carousel(cards) {
  const strip = el('div', { class: 'cards' }, cards);
  if (cards.length < 2) return el('div', { class: 'carousel' }, strip);
  strip.setAttribute('role', 'group');
  strip.setAttribute('aria-label', `${cards.length} cards`);
  const step = (by) => strip.scrollBy({ left: by * (cards[0].offsetWidth + 8) });
  const back = iconButton('left', 'Earlier cards', () => step(-1), 'back');
  const on = iconButton('right', 'Further cards', () => step(1), 'on');
  const settle = () => {
    back.hidden = strip.scrollLeft < 8;
    on.hidden = strip.scrollLeft + strip.clientWidth > strip.scrollWidth - 8;
  };
  strip.addEventListener('scroll', settle, { passive: true });
  new ResizeObserver(settle).observe(strip);
  return el('div', { class: 'carousel' }, strip, back, on);
}

/** A card of pictures, words and buttons. */
export function cardOf({ title, subtitle, text, image_url: image, default_action: action, picture, buttons = [] }, className = 'card', ...more) {
  const words = [title && el('b', { dir: 'auto' }, title), subtitle && el('small', { dir: 'auto' }, subtitle), text].filter(Boolean);
  const href = webUrl(action?.url);
  const drawn = picture ?? (image && pictureOf(image, title ?? '', 'card-image'));
  const face = [drawn, words.length > 0 && el('div', { class: 'card-text', dir: 'auto' }, words)];
  return el('div', { class: className },
    href ? el('a', { class: 'card-face', href, target: '_blank', rel: 'noopener noreferrer' }, face) : face,
    more, buttons.map((button) => buttonOf(button)));
}

function mediaCard({ media_type: type, url, buttons, ...element }) {
  // Only addresses of Facebook are allowed, and those are pages rather than pictures.
  const picture = url ? el('div', { class: 'card-link' }, fileChip(type, url)) : uploaded(type, element);
  return cardOf({ picture, buttons });
}

function gridCard({ images = [], title, subtitle, buttons }) {
  const hero = images.findIndex((image) => image.is_hero_image);
  const grid = el('div', { class: 'grid', 'data-count': images.length, 'data-hero': hero >= 0 }, images.map((image, at) => gridImage(image, at, at === hero)));
  return cardOf({ picture: grid, title, subtitle, buttons }, 'card wide');
}

function gridImage({ url, action }, at, isHero) {
  const picture = pictureOf(url, `Image ${at + 1}`, 'grid-image');
  const className = isHero ? 'hero' : null;
  if (action?.type === 'postback') {
    const press = () => say({ do: 'postback', title: action.text ?? `Image ${at + 1}`, payload: action.payload });
    return el('button', { type: 'button', class: className, 'data-payload': action.payload, 'aria-label': action.text, onclick: press }, picture);
  }
  const href = webUrl(action?.url);
  return href ? el('a', { class: className, href, target: '_blank', rel: 'noopener noreferrer' }, picture) : el('span', { class: className }, picture);
}

/** The words of a utility template are Meta's to keep; what fills them in is shown. */
function utilityCard({ name, language, components = [] }) {
  const of = (type) => components.filter((one) => String(one.type).toLowerCase() === type).flatMap(({ parameters }) => parameters ?? []);
  const filled = [...of('header'), ...of('body')].map(({ parameter_name: key, text, type }, at) =>
    el('div', { class: 'fact' }, el('dt', {}, key ?? `${at + 1}`), el('dd', { dir: 'auto' }, text ?? type ?? '')));
  const list = filled.length > 0 && el('dl', { class: 'fact-list' }, filled);
  return cardOf({ title: name, subtitle: `Utility template · ${language?.code ?? ''}`, buttons: of('buttons') }, 'card wide', list);
}
