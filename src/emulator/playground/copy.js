// Taking something along: to the clipboard, or into a box to copy from where the browser keeps the clipboard closed.

import { $, announce } from './dom.js';

/** Copies a text and says so on the button. */
export async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    $('copy-text').value = text;
    $('copy-box').showModal();
    $('copy-text').select();
    return;
  }
  announce('Copied');
  const label = button.textContent;
  button.textContent = 'Copied';
  button.disabled = true;
  setTimeout(() => { button.textContent = label; button.disabled = false; }, 1600);
}

/** A body as Meta writes it: ASCII alone, and every slash escaped. */
export const asMetaWrites = (body) => JSON.stringify(body)
  .replaceAll('/', '\\/')
  .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

// What curl sets by itself, or what would be wrong in another call.
const ITS_OWN = new Set(['host', 'content-length', 'connection', 'accept-encoding', 'transfer-encoding']);

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** The body of an exchange, byte for byte where it was kept whole. */
export function bodyOf({ kind, request }) {
  if (request === null || request === undefined) return null;
  if (typeof request === 'string') return request;
  return kind === 'webhook' ? asMetaWrites(request) : JSON.stringify(request);
}

/** Whether the emulator has kept no more than the beginning of the body. */
export const isCut = ({ request }) => typeof request === 'string' && /… \(\d+ bytes\)$/.test(request);

/** The same request again. Secrets are as the emulator shows them: hidden. */
export function curlOf(exchange) {
  const { method, url, request_headers: headers = {} } = exchange;
  const address = new URL(url, location.origin).href;
  const body = bodyOf(exchange);
  return [
    `curl -X ${method} ${quoted(address)}`,
    ...Object.entries(headers).filter(([name]) => !ITS_OWN.has(name.toLowerCase())).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`--data-raw ${quoted(body)}`]),
  ].join(' \\\n  ');
}
