// Templates with a form of their own: receipts, coupons, questions, opt-ins.

import { buttonOf, optinButton, unusable } from './buttons.js';
import { copyText } from './copy.js';
import { el, spaced, webUrl } from './dom.js';
import { feedback } from './feedback.js';
import { card, privacyLink, words } from './form-parts.js';
import { pictureOf } from './media.js';

const NO_ACT = 'The emulator cannot fill this in yet';

const fact = (name, value, className = 'fact') => value !== undefined && value !== null && value !== '' && el('div', { class: className }, el('dt', {}, name), el('dd', { dir: 'auto' }, String(value)));

/** An amount in its currency; codes no browser knows stay as they are. */
function money(amount, currency) {
  if (amount === undefined || amount === null) return '';
  try { return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount); } catch { return `${amount} ${currency ?? ''}`; }
}

function receipt({ recipient_name: name, merchant_name: merchant, order_number: order, order_url: url, currency, payment_method: method, address, summary = {}, adjustments = [], elements = [], timestamp }) {
  const lines = elements.map((one) => el('li', { class: 'line' },
    one.image_url ? pictureOf(one.image_url, '', 'line-image') : el('span', { class: 'line-image' }),
    el('span', { dir: 'auto' }, one.title, el('small', {}, [one.quantity > 1 && `${one.quantity} ×`, one.subtitle].filter(Boolean).join(' '))),
    el('b', {}, money(one.price, one.currency ?? currency))));
  const at = timestamp && new Date(timestamp * 1000);
  const where = address && [address.street_1, address.street_2, [address.postal_code, address.city].filter(Boolean).join(' '), address.country].filter(Boolean).join(', ');
  const sums = [['Subtotal', summary.subtotal], ['Shipping', summary.shipping_cost], ['Tax', summary.total_tax]]
    .map(([label, amount]) => fact(label, money(amount, currency)));
  return card(
    words(`Receipt${merchant ? ` from ${merchant}` : ''}`, `Order ${order ?? ''}`),
    lines.length > 0 && el('ul', { class: 'lines' }, lines),
    el('dl', { class: 'fact-list' }, fact('For', name), fact('Paid with', method), fact('Ships to', where),
      fact('Date', at && !Number.isNaN(at.getTime()) && new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' }).format(at)), sums,
      adjustments.map(({ name: label, amount }) => fact(label ?? 'Adjustment', money(-amount, currency))),
      fact('Total', money(summary.total_cost, currency), 'fact total')),
    webUrl(url) && buttonOf({ type: 'web_url', title: 'View order', url }));
}

function coupon({ title, subtitle, coupon_code: code, coupon_url: url, coupon_url_button_title: open, coupon_pre_message: before, image_url: image }) {
  return card(
    before && el('p', { class: 'card-before', dir: 'auto' }, before),
    image && pictureOf(image, title ?? '', 'card-image'),
    words(title, subtitle, code && el('span', { class: 'code-slip' }, code)),
    code && el('button', { type: 'button', class: 'card-button', 'data-type': 'coupon', onclick: ({ target }) => copyText(code, target) }, 'Copy code'),
    url && buttonOf({ type: 'web_url', title: open ?? 'Open', url }));
}

function oneTime(payload, message) {
  return card(words(payload.title, 'The business may notify you once about this.'), optinButton('Notify me', payload));
}

const CALLS = { ALLOW: 'Allow messages', FREQUENCY: 'Get messages', GET: 'Get messages', OPT_IN: 'Opt in', SIGN_UP: 'Sign up' };

function notifications(payload, message) {
  const { title, image_url: image, image_aspect_ratio: shape, notification_messages_cta_text: call } = payload;
  return card(
    image && pictureOf(image, '', `card-image${shape === 'SQUARE' ? ' square' : ''}`),
    words(title ?? 'Updates and promotions', 'The business may send you messages. You can stop them at any time.'),
    optinButton(CALLS[call] ?? 'Get updates', payload));
}

function information({ countries = [], purpose, business_privacy: privacy }) {
  return card(
    words('Share your details', `For ${purpose ? spaced(purpose).toLowerCase() : 'your order'}${countries.length ? ` · ${countries.join(', ')}` : ''}`),
    privacyLink(privacy), unusable('Fill in', 'customer_information', NO_ACT));
}

export const FORMS = {
  receipt,
  coupon,
  customer_feedback: feedback,
  one_time_notif_req: oneTime,
  notification_messages: notifications,
  customer_information: information,
  instant_form: ({ form_id: id }) => card(words('Form', `Instant form ${id}`), unusable('Fill in', 'instant_form', NO_ACT)),
};
