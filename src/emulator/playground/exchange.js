// One exchange: a line that says what it was, and behind it all of it.

import { bodyOf, copyText, curlOf, isCut } from './copy.js';
import { el, entryOf, icon } from './dom.js';
import { jsonOf, prettyText } from './json.js';
import { wireEnd } from './scrollers.js';
import { secondText } from './time.js';
import { addressOf, HEADER_NOTES, titleOf, WHY } from './words.js';

export function exchangeRow(exchange) {
  const { id, kind, status, at } = exchange;
  const summary = el('summary', {}, el('span', { class: 'arrow' }, icon(kind === 'graph' ? 'out' : 'in')), sentence(exchange), facts(exchange));
  const details = el('details', {}, summary);
  // The reader who opens a row wants to stay on it, whatever arrives below.
  summary.addEventListener('click', () => { if (!details.open) wireEnd.release(); });
  // Two hundred bodies are not worth drawing before somebody asks for one.
  details.addEventListener('toggle', () => { if (details.open && !details.querySelector('.detail')) details.append(detailOf(exchange)); });
  return el('li', { class: 'exchange', 'data-kind': kind, 'data-status': status ?? 'none', 'data-id': id, 'data-at': at, 'data-testid': 'exchange' }, details);
}

function sentence(exchange) {
  const { kind, method, url, error, response } = exchange;
  const address = addressOf(exchange);
  const fault = error ?? response?.error?.message;
  return el('div', {},
    el('div', { class: 'title' },
      el('span', { class: 'route' }, kind === 'graph' ? 'Your server → Meta' : 'Meta → your server'), ' ', el('b', {}, titleOf(exchange))),
    el('span', { class: 'path', title: url }, `${method} ${address.pathname}${address.search}`),
    fault && el('div', { class: 'fault', dir: 'auto' }, fault),
    el('div', { class: 'why', hidden: true }, icon('info'), el('span', {}, WHY[kind])));
}

function facts({ attempt, duration_ms: duration, at, status, error }) {
  const good = status >= 200 && status < 300;
  const look = good && !error ? 'good' : status || error ? 'bad' : '';
  return el('div', { class: 'facts' },
    el('div', {},
      attempt > 1 && el('span', { class: 'badge again' }, `attempt ${attempt}`),
      el('span', { class: `badge ${look}` }, el('span', { class: 'sr' }, 'status '), String(status ?? (error ? 'failed' : 'pending'))),
      icon('down', 'chevron')),
    el('span', { title: `Sent at ${secondText(at)}` }, Number.isFinite(duration) ? `${duration} ms` : ''));
}

function detailOf(exchange) {
  const { request, response, request_headers: headers, method, url, status, at } = exchange;
  return el('div', { class: 'detail' },
    el('div', { class: 'takes' }, takes(exchange)),
    block(`Request, ${secondText(at)}`, `${method} ${url}`, el('div', { class: 'code' }, `${method} ${url}`)),
    Object.keys(headers ?? {}).length > 0 && block('Request headers', Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\n'), headerList(headers)),
    request !== null && request !== undefined && block('Request body', prettyText(request), jsonOf(request)),
    block(`Response${status ? `, status ${status}` : ''}`, response === null ? '' : prettyText(response), response === null ? el('div', { class: 'code' }, 'No body') : jsonOf(response)));
}

/** What can be taken along of an exchange. */
function takes(exchange) {
  const body = bodyOf(exchange);
  // Text is a form, or a body that was too long to be kept: no fixture either way.
  const whole = body !== null && typeof exchange.request !== 'string';
  const fixture = exchange.kind === 'webhook' ? 'The body, byte for byte as Meta sends it' : 'The body as your server sent it';
  return [
    !isCut(exchange) && take('curl', 'Copy as curl', 'The request again, as a shell command', () => curlOf(exchange)),
    whole && take('fixture', 'Copy as fixture', fixture, () => body),
    take('json', 'Copy as JSON', 'Request and answer as the emulator keeps them', () => JSON.stringify(exchange, null, 2)),
  ];
}

const take = (name, label, title, text) =>
  el('button', { type: 'button', class: 'small-button copy', 'data-copy': name, title, onclick: ({ target }) => copyText(text(), target) }, label);

function block(title, text, body) {
  const copy = el('button', { type: 'button', class: 'small-button copy', 'aria-label': `Copy: ${title}`, onclick: ({ target }) => copyText(text, target) }, 'Copy');
  return el('section', {}, el('div', { class: 'block-head' }, el('h3', {}, title), text && copy), body);
}

function headerList(headers) {
  return el('dl', { class: 'code headers' }, Object.entries(headers).map(([name, value]) => {
    const note = entryOf(HEADER_NOTES, name.toLowerCase());
    return el('div', { class: note && 'signed' }, el('dt', {}, `${name}: `), el('dd', {}, String(value), note && el('p', {}, note)));
  }));
}
