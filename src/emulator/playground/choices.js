// Who one is, whom one writes to, and what was said meanwhile in the conversations one does not look at.

import { $, announce, el, setText } from './dom.js';
import { currentAccount, currentPlatform, isCurrent, PLATFORMS, remember, state } from './state.js';

/** How many messages wait in a conversation; by its account and person. */
const unread = new Map();

const keyOf = ({ account, person }) => JSON.stringify([account, person]);

let onChoice = () => {};

/** Takes up a choice; `onChoice` is told of it. */
export function choose(changes) {
  Object.assign(state, changes);
  if (!state.world) return;
  renderChoices();
  remember();
  onChoice();
}

export function renderChoices() {
  const { accounts, people } = state.world;
  const pick = (list, name) => (list.find((one) => one.name === name) ?? list[0])?.name ?? null;
  state.account = pick(accounts, state.account);
  state.person = pick(people, state.person);
  unread.delete(keyOf(state));
  renderOptions();
  const account = currentAccount(), platform = currentPlatform();
  document.body.dataset.platform = account?.platform ?? 'messenger';
  for (const id of ['account-glyph', 'avatar-glyph']) $(id).setAttribute('href', `#i-${platform.glyph}`);
  setText($('chat-name'), account?.name ?? 'No account');
  setText($('chat-kind'), account ? platform.kind : 'The emulator knows no account yet');
  setText($('empty-lead'), `Say hello. You are ${state.person}; the bot answers as ${platform.as}.`);
  $('composer').placeholder = state.person ? `Message as ${state.person}` : 'Message';
}

function renderOptions() {
  const waiting = (account, person) => unread.get(keyOf({ account, person })) ?? 0;
  const { accounts, people } = state.world;
  fill($('account'), accounts.map(({ name, platform }) => [name, `${name} · ${(PLATFORMS[platform] ?? { label: platform }).label}`, waiting(name, state.person)]), state.account);
  fill($('person'), people.map(({ name }) => [name, name, waiting(state.account, name)]), state.person);
  const [first] = unread, count = [...unread.values()].reduce((sum, one) => sum + one, 0);
  $('elsewhere').hidden = count === 0;
  if (!first) return;
  const [account, person] = JSON.parse(first[0]);
  $('elsewhere').replaceChildren(el('b', {}, String(count)), el('span', {}, ` new · ${person} at ${account}`));
}

function fill(select, options, chosen) {
  const wanted = options.map(([value, label, waiting]) => el('option', { value }, waiting ? `${label} (${waiting} new)` : label));
  if (wanted.map((one) => one.outerHTML).join() !== [...select.options].map((one) => one.outerHTML).join()) select.replaceChildren(...wanted);
  select.value = chosen;
}

/** Counts what the bot has said where nobody looks. */
export function countElsewhere(exchange) {
  const { kind, account, person, response } = exchange;
  if (!state.world || kind !== 'graph' || !person || !response?.message_id || isCurrent(exchange)) return;
  unread.set(keyOf({ account, person }), (unread.get(keyOf({ account, person })) ?? 0) + 1);
  renderOptions();
  announce(`A new message for ${person} at ${account}`);
}

export function forgetUnread() {
  unread.clear();
  if (state.world) renderOptions();
}

export function bindChoices(handler) {
  onChoice = handler;
  $('account').addEventListener('change', () => choose({ account: $('account').value }));
  $('person').addEventListener('change', () => choose({ person: $('person').value }));
  $('elsewhere').addEventListener('click', () => {
    const [account, person] = JSON.parse(unread.keys().next().value);
    choose({ account, person });
    $('composer').focus();
  });
}
