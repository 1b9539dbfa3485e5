// The small kit every part of the page draws with. Nothing received is ever parsed as HTML: every node is built by el().

export const $ = (id) => document.getElementById(id);

/** A node; attributes whose value is a function listen to the event they name, those without a value are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ''));
  return node;
}

/** A picture of the sprite in index.html. */
export function icon(name, extra = '') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', `icon ${extra}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS('http://www.w3.org/2000/svg', 'use'));
  svg.firstChild.setAttribute('href', `#i-${name}`);
  return svg;
}

/** A round button that only a picture is drawn on; its name is read out and shown on pointing. */
export const iconButton = (name, label, onclick, extra = '') =>
  el('button', { type: 'button', class: `icon-button ${extra}`, 'aria-label': label, title: label, onclick }, icon(name));

/** Changes the live text only when it differs, so nothing is read out twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Says something to who listens to the page rather than looks at it. */
export const announce = (text) => setText($('announce'), text);

/** Takes back what was said, unless something else has been said since. */
export const unsay = (text) => { if ($('announce').textContent === text) announce(''); };

/** Marks what is new for a moment; a mark left on would play again with its tab. */
export function flash(node, name = 'arrived') {
  node.classList.add(name);
  setTimeout(() => node.classList.remove(name), 2400);
}

/** Only addresses a browser may safely open or draw; anything else is null. */
export function safeUrl(value, ...schemes) {
  const url = URL.canParse(value) ? new URL(value) : null;
  return schemes.includes(url?.protocol) ? url.href : null;
}

/** What a table holds under a name that was received: `constructor` is in none, though every object has one. */
export const entryOf = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

export const webUrl = (value) => safeUrl(value, 'https:', 'http:');

/** `one_time_notif_req` as a person reads it. */
export const spaced = (name) => String(name ?? '').replaceAll('_', ' ');

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
