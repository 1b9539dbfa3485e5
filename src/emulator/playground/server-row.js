// One line of what the server says of itself: an event that it handles, or a send that has not left it.

import { capital, el, icon, spaced } from './dom.js';
import { state } from './state.js';
import { emulatorNow, secondText } from './time.js';

/** What a server is only told of: where nothing went wrong there is nothing to say. */
const ONLY_TOLD = ['echo', 'delivery', 'read'];

/** A send that is planned for no longer than this is on its way. */
const BRIEF = 1000;

/** The line of an event; null where there is nothing to say. */
export function eventItem(event) {
  const { id, kind, status, error } = event;
  if (ONLY_TOLD.includes(kind) && !error && status === 'done') return null;
  const account = accountOf(event), person = nameOf(event);
  const [words, look] = eventWords(event);
  return {
    key: `event:${id}`, kind: 'server', at: Date.parse(event.received_at), account, person, words, look,
    title: `Event ${id}, ${spaced(kind)}${person ? ` ${FROM[kind] ?? 'from'} ${person}` : ''}`,
    again: status === 'done' || status === 'dead' ? id : null,
  };
}

const FROM = { echo: 'to', delivery: 'to', outcome: 'for', handover: 'for', policy_enforcement: 'for' };

function eventWords({ status, attempts, error, waits_for: ahead, handled_ms: took }) {
  const failed = error && `attempt ${attempts} failed: ${error}`;
  if (status === 'dead') return [`given up: ${failed}`, 'bad'];
  if (status === 'quarantined') return [`could not be read: ${error}`, 'bad'];
  if (status === 'running') return [attempts > 1 ? `attempt ${attempts} is under way` : 'is being handled', ''];
  if (failed && attempts > 0) return [failed, 'bad'];
  if (status === 'done' && attempts === 0) return ['kept; no handler asks for it', ''];
  if (status === 'done') return [Number.isFinite(took) ? `handled in ${took} ms` : 'handled', 'good'];
  return [ahead ? `waits behind event ${ahead}` : 'waits for its turn', 'again'];
}

/** The line of a send that never left, or has not left yet; null for what the wire tells of. */
export function sendItem(send) {
  const { id, status } = send, at = Date.parse(send.at);
  const found = sendWords(send);
  if (!found || (status === 'planned' && emulatorNow() - at < BRIEF)) return null;
  const account = accountOf(send), person = nameOf(send);
  return { key: `send:${id}`, kind: 'server', at, account, person, words: found[0], look: found[1], title: `Send ${id}${person ? ` to ${person}` : ''}`, again: null };
}

function sendWords({ status, rule, reason, attempts }) {
  const why = [rule && ` by ${rule}`, reason && `: ${reason}`].filter(Boolean).join('');
  if (status === 'refused') return [`refused${why}`, 'bad'];
  if (status === 'held') return [`held until you decide${why}`, 'bad'];
  if (status === 'failed' && attempts === 0) return [`failed${why}`, 'bad'];
  if (status === 'planned') return [`waits to be sent${why}`, 'again'];
  return null;
}

/** What the world calls an account, which a server's settings know in lower case; null where the world has none, so that the line
    is shown in every conversation. */
const accountOf = ({ account }) => state.world?.accounts.find(({ name }) => name.toLowerCase() === account?.toLowerCase())?.name ?? null;

/** The person whom one account knows by this id; null where the world has none. */
const nameOf = (row) => state.world?.people.find(({ ids }) => row.person && ids[accountOf(row)] === row.person)?.name ?? null;

/** `handleAgain` gets the event's id and the button that was pressed. */
export function serverRow(item, handleAgain) {
  const { key, at, title, words, look, again } = item;
  const button = again && el('button', {
    type: 'button', class: 'small-button', 'data-again': again, 'aria-label': `Handle again: ${title}`,
    title: 'Your server handles this event again, at the end of the conversation', onclick: ({ target }) => handleAgain(again, target),
  }, 'Handle again');
  return el('li', { class: 'server-line', 'data-server': key, 'data-at': at, 'data-look': look, 'data-testid': 'server-line', title: secondText(at) },
    el('span', { class: 'server-mark' }, icon('inbox')),
    el('div', {}, el('span', { class: 'server-title' }, el('span', { class: 'sr' }, 'In your server: '), title), ' ', el('span', { class: 'server-words', dir: 'auto' }, capital(words))),
    button);
}
