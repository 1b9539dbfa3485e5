// Rejoinder playground: the person's phone on one side, the wire on the other.
//
// The page holds no truth of its own. The stream only says that something
// changed; the page then reads it again from the emulator and reconciles, so a
// lost event or a reconnection can never leave it wrong for long.
//
// Nothing received is ever parsed as HTML: every node is built by el().

const $ = (id) => document.getElementById(id);
const STORE = 'rejoinder.playground';
const KEPT_EXCHANGES = 300;
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const PLATFORMS = {
  messenger: { label: 'Messenger', kind: 'Facebook Page on Messenger', glyph: 'messenger', as: 'the Page' },
  instagram: { label: 'Instagram', kind: 'Instagram account, through its Page', glyph: 'instagram', as: 'the Instagram account' },
  'instagram-login': { label: 'Instagram Login', kind: 'Instagram account, by itself', glyph: 'instagram', as: 'the Instagram account' },
};
// Messenger says "smile" where Instagram says "laugh".
const REACTIONS = [['love', '❤️'], ['smile', '😆'], ['laugh', '😆'], ['wow', '😮'], ['sad', '😢'], ['angry', '😠'], ['like', '👍']];
const reactionsOn = (platform) =>
  REACTIONS.filter(([name]) => name !== (platform === 'messenger' ? 'laugh' : 'smile'));

const state = {
  world: null, account: null, person: null, chat: null,
  tab: 'chat', filter: 'chat', theme: null,
  clockOffset: 0, unread: { chat: 0, wire: 0 },
  exchanges: new Map(), // id -> { exchange, node }
  arrivals: null,       // exchanges streamed while the list is being read
};

/* ---------- small kit ---------- */

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function icon(name, extra = '') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', `icon ${extra}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS('http://www.w3.org/2000/svg', 'use'));
  svg.firstChild.setAttribute('href', `#i-${name}`);
  return svg;
}

/** Only addresses a browser may safely open or draw; anything else is null. */
function safeUrl(value, ...schemes) {
  const url = URL.canParse(value) ? new URL(value) : null;
  return schemes.includes(url?.protocol) ? url.href : null;
}
const webUrl = (value) => safeUrl(value, 'https:', 'http:');

class EmulatorError extends Error {
  constructor(message, hint) { super(message); this.hint = hint; }
}

async function api(path, body) {
  const options = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  let response;
  try { response = await fetch(`/emulator${path}`, options); }
  catch { throw new EmulatorError('The emulator does not answer.', 'Start it again with: cargo run -- dev'); }
  const data = await response.json().catch(() => null);
  if (!response.ok) throw new EmulatorError(data?.error?.message ?? `The emulator answered ${response.status}.`, data?.error?.hint);
  return data;
}

/** Runs one at a time; calls made meanwhile fold into a single further run. */
function coalesce(work) {
  let running = null, again = false;
  return function run() {
    again = true;
    running ??= (async () => {
      try { while (again) { again = false; await work(); } }
      finally { running = null; }
    })();
    return running;
  };
}

/** Background reading fails quietly: the connection light already tells. */
const quietly = (promise) => promise.catch((error) => { if (!(error instanceof EmulatorError)) throw error; });

/** Changes the live text only when it differs, so nothing is read out twice. */
function setText(node, text) { if (node.textContent !== text) node.textContent = text; }
const announce = (text) => setText($('announce'), text);

/** Marks what is new for a moment; a mark left on would play again with its tab. */
function flash(node, name = 'arrived') {
  node.classList.add(name);
  setTimeout(() => node.classList.remove(name), 2400);
}

/** Keeps a scroller at its end, until the reader scrolls away from it. */
function follow(scroller, content, jump) {
  let pinned = true, last = 0;
  const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
  const settle = () => {
    if (pinned) scroller.scrollTop = scroller.scrollHeight;
    jump.hidden = pinned || atEnd();
  };
  // Only an upward move unpins: content may grow between a scroll and its event.
  scroller.addEventListener('scroll', () => {
    if (!scroller.clientHeight) return;
    if (atEnd()) pinned = true;
    else if (scroller.scrollTop < last) pinned = false;
    last = scroller.scrollTop;
    jump.hidden = pinned || atEnd();
  }, { passive: true });
  const watcher = new ResizeObserver(settle);
  watcher.observe(scroller);
  watcher.observe(content);
  const follower = { pin() { pinned = true; settle(); }, release() { pinned = false; settle(); } };
  jump.addEventListener('click', follower.pin);
  return follower;
}

const chatFollow = follow($('chat-scroller'), $('thread'), $('chat-jump'));
const wireFollow = follow($('wire-scroller'), $('exchanges'), $('wire-jump'));

/* ---------- time, as the emulator's clock tells it ---------- */

const emulatorNow = () => Date.now() + state.clockOffset;
const format = (options) => new Intl.DateTimeFormat('en-GB', options);
const clockFormat = format({ hour: '2-digit', minute: '2-digit' });
const secondFormat = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayFormat = format({ weekday: 'short', day: 'numeric', month: 'short' });

function dayDistance(at) {
  const midnight = (ms) => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((midnight(at) - midnight(emulatorNow())) / DAY);
}

function stampText(at) {
  const day = { 0: 'Today', '-1': 'Yesterday' }[dayDistance(at)] ?? dayFormat.format(at);
  return `${day} ${clockFormat.format(at)}`;
}

function untilText(at) {
  const day = { 0: '', 1: ' tomorrow' }[dayDistance(at)] ?? ` on ${dayFormat.format(at)}`;
  return clockFormat.format(at) + day;
}

function spanText(ms) {
  if (ms < MINUTE) return `${Math.max(1, Math.floor(ms / 1000))} s`;
  const hours = Math.floor(ms / HOUR), minutes = Math.floor((ms % HOUR) / MINUTE);
  return [hours && `${hours} h`, (minutes || !hours) && `${minutes} min`].filter(Boolean).join(' ');
}

function renderWindow() {
  const { opened_at: opened, closes_at: closes } = state.chat?.window ?? {};
  const left = (closes ?? 0) - emulatorNow();
  const name = state.chat?.blocked ? 'blocked' : !closes ? 'none' : left > 0 ? 'open' : 'closed';
  const before = $('window').dataset.state;
  $('window').dataset.state = name;
  const text = $('window-text');
  if (name === 'open') {
    const until = untilText(closes), rest = `(${spanText(left)} left)`;
    if (text.textContent !== `The bot may write until ${until} ${rest}`) text.replaceChildren('The bot may write until ', el('strong', {}, until), ' ', el('span', { class: 'rest' }, rest));
  } else {
    setText(text, { blocked: `${state.person} has blocked ${state.account}: nothing is delivered`, closed: 'Window closed: the bot may not write until you do', none: 'No window yet: the bot may not write until you do' }[name]);
  }
  const share = name === 'open' ? Math.min(1, left / Math.max(1, closes - (opened ?? closes - DAY))) : 0;
  $('ring').setAttribute('stroke-dasharray', `${(share * 100).toFixed(1)} 100`);
  const ahead = Math.round(state.clockOffset / MINUTE) * MINUTE;
  $('window-clock').hidden = ahead < MINUTE;
  setText($('window-clock'), `Clock is ${spanText(ahead)} ahead`);
  if (before === 'open' && name === 'closed') announce('The window has closed.');
}

function setClock({ now }) { state.clockOffset = now - Date.now(); renderWindow(); }

async function advanceClock() {
  $('advance').disabled = true;
  await api('/clock', { advance: '25h' }).then(setClock).then(loadChat).catch(showError);
  $('advance').disabled = false;
}

/* ---------- choices: person, account, theme, view ---------- */

function remembered() {
  let stored = {};
  try { stored = JSON.parse(localStorage.getItem(STORE)) ?? {}; } catch { /* storage may be off or spoilt */ }
  let [account, person, theme] = [];
  try { [account, person, theme] = location.hash.slice(1).split('/').map(decodeURIComponent); } catch { /* a spoilt hash counts as none */ }
  return {
    account: account || stored.account, person: person || stored.person, filter: stored.filter,
    theme: ['light', 'dark'].includes(theme) ? theme : stored.theme,
  };
}

function remember() {
  const { account, person, theme, filter } = state;
  try { localStorage.setItem(STORE, JSON.stringify({ account, person, theme, filter })); } catch { /* the hash still holds it */ }
  if (!account) return;
  history.replaceState(null, '', `#${[account, person, theme].filter(Boolean).map(encodeURIComponent).join('/')}`);
}

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const narrow = matchMedia('(max-width: 899px)');
const isDark = () => (state.theme ? state.theme === 'dark' : systemDark.matches);

function applyTheme() {
  if (state.theme) document.documentElement.dataset.theme = state.theme;
  else delete document.documentElement.dataset.theme;
  $('theme').setAttribute('aria-pressed', String(isDark()));
}

function toggleTheme() {
  const wanted = isDark() ? 'light' : 'dark';
  // Choosing what the system prefers anyway means following the system again.
  state.theme = (wanted === 'dark') === systemDark.matches ? null : wanted;
  applyTheme();
  remember();
}

const currentAccount = () => state.world?.accounts.find(({ name }) => name === state.account);
const currentPlatform = () => PLATFORMS[currentAccount()?.platform] ?? PLATFORMS.messenger;

function fillSelect(select, options, chosen) {
  const wanted = options.map(([value, label]) => el('option', { value }, label));
  if (wanted.map((o) => o.outerHTML).join() !== [...select.options].map((o) => o.outerHTML).join()) select.replaceChildren(...wanted);
  select.value = chosen;
}

function renderChoices() {
  const { accounts, people } = state.world;
  const pick = (list, name) => (list.find((one) => one.name === name) ?? list[0])?.name ?? null;
  state.account = pick(accounts, state.account);
  state.person = pick(people, state.person);
  fillSelect($('account'), accounts.map((a) => [a.name, `${a.name} · ${(PLATFORMS[a.platform] ?? { label: a.platform }).label}`]), state.account);
  fillSelect($('person'), people.map((p) => [p.name, p.name]), state.person);
  const account = currentAccount(), platform = currentPlatform();
  document.body.dataset.platform = account?.platform ?? 'messenger';
  for (const id of ['account-glyph', 'avatar-glyph']) $(id).setAttribute('href', `#i-${platform.glyph}`);
  setText($('chat-name'), account?.name ?? 'No account');
  setText($('chat-kind'), account ? platform.kind : 'The emulator knows no account yet');
  setText($('empty-lead'), `Say hello. You are ${state.person}; the bot answers as ${platform.as}.`);
  $('composer').placeholder = state.person ? `Message as ${state.person}` : 'Message';
}

function choose(changes) {
  Object.assign(state, changes);
  if (!state.world) return;
  renderChoices();
  remember();
  hideNotice();
  quietly(loadChat());
  applyFilter();
  wireFollow.pin();
}

function selectTab(name, focus = false) {
  state.tab = name;
  document.body.dataset.tab = name;
  state.unread[name] = 0;
  for (const view of ['chat', 'wire']) {
    const tab = $(`tab-${view}`), chosen = view === name;
    tab.setAttribute('aria-selected', String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    // Side by side they are plain regions; only behind tabs are they tab panels.
    $(view).setAttribute('role', narrow.matches ? 'tabpanel' : 'region');
    if (chosen && focus) tab.focus();
  }
  renderCounts();
}

function renderCounts() {
  for (const view of ['chat', 'wire']) {
    const badge = $(`tab-${view}`).querySelector('.count'), count = state.unread[view];
    badge.hidden = count === 0;
    badge.replaceChildren(count > 99 ? '99+' : String(count), el('span', { class: 'sr' }, ' unread'));
  }
}

function countUnread(view, by = 1) {
  if (narrow.matches && state.tab !== view) state.unread[view] += by;
  renderCounts();
}

/* ---------- what the person does ---------- */

function showError(error) {
  const close = el('button', { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onclick: hideNotice }, icon('close'));
  $('notice').replaceChildren(el('div', {}, error.message, error.hint && el('small', {}, error.hint)), close);
  $('notice').hidden = false;
}

function hideNotice() { $('notice').hidden = true; }

// Acts go one after the other, so that two quick messages keep their order.
let queue = Promise.resolve();

/** Resolves to whether the emulator took the act. */
function act(fields) {
  const { account, person } = state;
  hideNotice();
  const sent = queue.then(() => api('/act', { person, account, ...fields }));
  queue = sent.catch(() => {});
  return sent.then(() => { quietly(loadChat()); return true; }, (error) => { showError(error); return false; });
}

/** An act of writing: whatever was being read, its answer comes at the end. */
function say(fields) {
  chatFollow.pin();
  return act({ do: 'message', ...fields });
}

function composerChanged() {
  const { value } = $('composer');
  $('grow').dataset.value = value;
  $('send').disabled = value.trim() === '';
}

function focusComposer() {
  // On a touch screen the focus would throw the keyboard over the conversation.
  if (matchMedia('(hover: hover)').matches) $('composer').focus();
}

async function submitComposer() {
  const composer = $('composer'), text = composer.value.trim();
  if (!text || !state.account) return;
  composer.value = '';
  composerChanged();
  composer.focus();
  const taken = await say({ text });
  if (!taken && composer.value === '') { composer.value = text; composerChanged(); }
}

function toggleAttach(open = $('attach-form').hidden) {
  $('attach-form').hidden = !open;
  $('attach').setAttribute('aria-expanded', String(open));
  (open ? $('attach-url') : $('attach')).focus();
}

async function submitAttach() {
  const field = $('attach-url');
  const taken = await say({ attachments: [{ type: 'image', payload: { url: field.value } }] });
  if (!taken) return;
  field.value = '';
  toggleAttach(false);
}

/* ---------- the conversation ---------- */

const rows = new Map(); // key -> { node, print }

const loadChat = coalesce(async () => {
  const { account, person } = state;
  if (!account || !person) return;
  const chat = await api(`/chats/${encodeURIComponent(account)}/${encodeURIComponent(person)}`);
  if (account === state.account && person === state.person) renderChat(chat);
});

function renderChat(chat) {
  const log = $('messages');
  const switched = state.chat?.account !== chat.account || state.chat?.person !== chat.person;
  const known = switched ? null : new Set(state.chat.messages.map(({ mid }) => mid));
  const wasTyping = state.chat?.typing;
  state.chat = chat;
  // A whole conversation swapped in is not news: keep it from being read out.
  log.setAttribute('aria-busy', String(switched));
  if (switched) { log.replaceChildren(); rows.clear(); chatFollow.pin(); }
  reconcile(log, layOut(chat.messages), known);
  countUnread('chat', chat.messages.filter(({ mid, from }) => known && from === 'business' && !known.has(mid)).length);
  const last = chat.messages.at(-1);
  $('chat-empty').hidden = chat.messages.length > 0;
  $('seen').hidden = !(chat.seen && last?.from === 'person');
  $('typing').hidden = !chat.typing;
  if (chat.typing && !wasTyping) announce(`${chat.account} is typing`);
  else if (!chat.typing) announce('');
  renderQuickReplies(last);
  renderWindow();
  setTimeout(() => log.setAttribute('aria-busy', 'false'), 50);
}

/** Turns messages into an ordered list of stamps and rows, with their grouping. */
function layOut(messages) {
  const items = [];
  const byMid = new Map(messages.map((message) => [message.mid, message]));
  let previous = null, open = null;
  for (const message of messages) {
    const newDay = !previous || new Date(previous.at).toDateString() !== new Date(message.at).toDateString();
    const stamped = newDay || message.at - previous.at > HOUR;
    if (stamped) items.push({ key: `stamp ${message.mid}`, print: stampText(message.at), build: () => el('div', { class: 'stamp' }, stampText(message.at)) });
    const joined = !stamped && previous.from === message.from && message.at - previous.at < 5 * MINUTE;
    if (joined) open.last = false;
    open = { key: message.mid, print: JSON.stringify(message), first: !joined, last: true, message, build: () => buildRow(message, byMid) };
    items.push(open);
    previous = message;
  }
  return items;
}

/** Touches only what changed: the log announces exactly the new messages, and
    neither the focus nor a loaded image is lost to a redraw. */
function reconcile(log, items, known) {
  const wanted = new Set(items.map(({ key }) => key));
  for (const [key, { node }] of rows) if (!wanted.has(key)) { node.remove(); rows.delete(key); }
  let place = log.firstChild;
  for (const item of items) {
    let row = rows.get(item.key);
    if (row?.print !== item.print) {
      const node = item.build();
      if (row) {
        const focused = row.node.contains(document.activeElement);
        if (place === row.node) place = node;
        row.node.replaceWith(node);
        if (focused) { makeCurrent(node); node.focus({ preventScroll: true }); }
      } else if (known && item.message) flash(node);
      row = { node, print: item.print };
      rows.set(item.key, row);
    }
    if (item.message) for (const end of ['first', 'last']) row.node.classList.toggle(end, item[end]);
    if (row.node === place) place = place.nextSibling;
    else log.insertBefore(row.node, place);
  }
  if (!log.contains(currentRow) || currentRow !== document.activeElement?.closest('.row')) makeCurrent(log.lastElementChild);
}

/* Hundreds of messages must not be hundreds of tab stops. One row is current and
   its controls can be tabbed to; the arrow keys make another row current. */
let currentRow = null;

function makeCurrent(row) {
  const setStops = (node, index) => { for (const one of [node, ...node.querySelectorAll('button, a')]) one.tabIndex = index; };
  if (currentRow && currentRow !== row) setStops(currentRow, -1);
  currentRow = row?.classList.contains('row') ? row : null;
  if (currentRow) setStops(currentRow, 0);
}

function moveAmongRows(event) {
  const all = [...$('messages').querySelectorAll('.row')];
  const at = all.indexOf(event.target.closest('.row'));
  const steps = { ArrowUp: at < 0 ? all.length - 1 : at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 };
  const target = all[steps[event.key]];
  if (!target || (at < 0 && event.key !== 'ArrowUp') || event.target.closest('.picker')) return;
  event.preventDefault();
  makeCurrent(target);
  target.focus();
}

function buildRow(message, byMid) {
  const { from, mid, at } = message;
  const who = from === 'person' ? state.person : state.account;
  const row = el('div', { class: 'row', role: 'article', 'data-from': from, 'aria-label': `${who}, ${clockFormat.format(at)}`, tabindex: -1 });
  const stack = el('div', { class: 'stack' }, quoteOf(message, byMid), bubbleOf(message), reactionsOf(message), captionOf(message));
  const actions = el('div', { class: 'actions' });
  if (from === 'business' && !message.deleted) actions.append(reactButton(row, message));
  actions.append(el('button', { type: 'button', class: 'icon-button', 'aria-label': 'Show on the wire', title: 'Show on the wire', onclick: () => showOnWire(message) }, icon('wire')));
  row.append(stack, actions);
  for (const stop of row.querySelectorAll('button, a')) stop.tabIndex = -1;
  return row;
}

function bubbleOf(message) {
  const bubble = el('div', { class: 'bubble', 'data-from': message.from, 'data-mid': message.mid, title: stampText(message.at) });
  if (message.deleted) { bubble.classList.add('gone'); bubble.append('Message unsent'); return bubble; }
  const text = message.text ?? message.postback?.title;
  const parts = (message.attachments ?? []).map((attachment) => attachmentOf(attachment, message));
  if (text) bubble.append(el('div', { class: 'said', dir: 'auto' }, ...linked(text)));
  bubble.append(...parts);
  bubble.classList.toggle('bare', !text && parts.length > 0);
  // A few emoji alone are drawn large, as both apps do.
  bubble.classList.toggle('large', !parts.length && /^(?:\p{Extended_Pictographic}[\u{FE0F}\u{200D}\u{1F3FB}-\u{1F3FF}]*){1,4}$/u.test(text ?? ''));
  if (!text && !parts.length) bubble.append(el('span', { class: 'said' }, 'Empty message'));
  return bubble;
}

/** Text with its web addresses as links; everything else stays plain text. */
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/).map((part, index) => {
    const href = index % 2 ? webUrl(part) : null;
    return href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, part) : part;
  });
}

function quoteOf({ reply_to: reply }, byMid) {
  if (!reply) return null;
  const quoted = byMid.get(reply.mid ?? reply);
  return el('div', { class: 'quote', dir: 'auto' }, quoted?.text ?? quoted?.postback?.title ?? (reply.story ? 'a story' : 'an earlier message'));
}

function reactionsOf({ reactions = [] }) {
  if (!reactions.length) return null;
  const emojiOf = ({ emoji, reaction }) => emoji ?? REACTIONS.find(([name]) => name === reaction)?.[1] ?? reaction;
  return el('div', { class: 'reactions' }, ...reactions.map((one) => {
    const label = `${one.from === 'person' ? state.person : state.account} reacted with ${one.reaction ?? one.emoji}`;
    return el('span', { role: 'img', 'aria-label': label, title: label }, emojiOf(one));
  }));
}

function captionOf(message) {
  const pressed = message.postback?.payload ?? message.quick_reply?.payload ?? message.quick_reply;
  const other = message.from === 'business' && message.app_id && message.app_id !== state.world?.app.id;
  if (!pressed && !message.edits && !other) return null;
  return el('div', { class: 'caption' }, pressed && 'payload ', pressed && el('code', {}, String(pressed)), message.edits > 0 && ' Edited', other && ' Written by another app');
}

function renderQuickReplies(last) {
  const replies = last?.from === 'business' ? last.quick_replies ?? [] : [];
  const box = $('quick-replies'), print = JSON.stringify([last?.mid, replies]);
  if (box.dataset.print === print) return;
  box.dataset.print = print;
  box.hidden = replies.length === 0;
  // Other content types (an e-mail, a phone number) have no title of their own.
  box.replaceChildren(...replies.map((reply) => {
    const title = reply.title ?? reply.content_type?.replaceAll('_', ' ') ?? 'Reply';
    const press = () => { focusComposer(); say({ text: title, quick_reply: reply.payload }); };
    return el('button', { type: 'button', class: 'chip', dir: 'auto', 'data-payload': reply.payload, onclick: press }, title);
  }));
}

/* ---------- attachments and templates ---------- */

function attachmentOf({ type, payload = {} }, message) {
  const url = webUrl(payload?.url);
  if (type === 'template') return templateOf(payload, message);
  if (type === 'image') return pictureOf(payload.url, `Image from ${message.from === 'person' ? state.person : state.account}`);
  if (type === 'video' && url) return el('video', { class: 'media', src: url, controls: true, preload: 'metadata' });
  if (type === 'audio' && url) return el('audio', { class: 'media', src: url, controls: true, preload: 'none' });
  return fileChip(type, payload?.url);
}

function pictureOf(address, alt, className = 'media') {
  const src = safeUrl(address, 'https:', 'http:') ?? (/^data:image\//.test(address) ? address : null);
  if (!src) return fileChip('image', address);
  const picture = el('img', { class: className, src, alt, loading: 'lazy', referrerpolicy: 'no-referrer' });
  picture.addEventListener('error', () => picture.replaceWith(fileChip('image', address, 'Image that does not load')), { once: true });
  return picture;
}

function fileChip(type, address, label) {
  const href = webUrl(address);
  const kind = (type ?? 'attachment').replaceAll('_', ' ');
  const name = href ? new URL(href).pathname.split('/').pop() || new URL(href).host : '';
  const text = label ?? [kind[0].toUpperCase() + kind.slice(1), name].filter(Boolean).join(' · ');
  const inside = [icon(type === 'image' ? 'image' : 'file'), el('span', {}, text)];
  return href ? el('a', { class: 'chip-file', href, target: '_blank', rel: 'noopener noreferrer' }, ...inside) : el('span', { class: 'chip-file' }, ...inside);
}

function templateOf(payload, message) {
  const { template_type: kind, elements = [], text, buttons } = payload ?? {};
  if (kind === 'generic') return el('div', { class: 'cards' }, ...elements.map((one) => cardOf(one, message)));
  if (kind === 'media') return el('div', { class: 'cards' }, ...elements.map((one) => cardOf({ image_url: one.media_type === 'image' ? one.url : null, title: one.url ? '' : `${one.media_type ?? 'media'} ${one.attachment_id ?? ''}`, buttons: one.buttons }, message)));
  if (text || buttons) return cardOf({ text, buttons }, message, 'card wide');
  return fileChip(`${kind ?? 'unknown'} template`);
}

function cardOf({ title, subtitle, text, image_url: image, buttons = [] }, message, className = 'card') {
  const words = [title && el('b', { dir: 'auto' }, title), subtitle && el('small', { dir: 'auto' }, subtitle), text].filter(Boolean);
  return el('div', { class: className },
    image && pictureOf(image, title ?? '', 'card-image'),
    words.length > 0 && el('div', { class: 'card-text', dir: 'auto' }, ...words),
    ...buttons.map((button) => cardButton(button, message)));
}

function cardButton({ type, title, payload, url }) {
  const label = title ?? (type ?? 'button').replaceAll('_', ' ');
  const href = type === 'web_url' ? webUrl(url) : type === 'phone_number' ? safeUrl(`tel:${payload}`, 'tel:') : null;
  if (href) return el('a', { class: 'card-button', href, target: type === 'web_url' && '_blank', rel: 'noopener noreferrer' }, label);
  if (type === 'postback') return el('button', { type: 'button', class: 'card-button', 'data-payload': payload, onclick: () => say({ do: 'postback', title, payload }) }, label);
  return el('button', { type: 'button', class: 'card-button', disabled: true, title: `The playground does not act on ${type} buttons` }, label);
}

/* ---------- reactions ---------- */

function reactButton(row, message) {
  const opener = el('button', { type: 'button', class: 'icon-button react', 'aria-label': 'React', title: 'React', 'aria-expanded': 'false' }, icon('smile'));
  let picker = null;
  const close = () => {
    const open = picker;
    picker = null; // first: removing the focused node calls back in here
    open?.remove();
    opener.setAttribute('aria-expanded', 'false');
  };
  opener.addEventListener('click', () => {
    if (picker) return close();
    picker = pickerOf(message, () => { close(); row.focus({ preventScroll: true }); });
    picker.addEventListener('keydown', ({ key }) => { if (key === 'Escape') { close(); opener.focus(); } });
    picker.addEventListener('focusout', ({ relatedTarget: to }) => { if (to !== opener && !picker?.contains(to)) close(); });
    // Some browsers do not focus a pressed button: without this the focus would
    // leave, and the picker would be gone before the click lands.
    picker.addEventListener('mousedown', (event) => event.preventDefault());
    opener.setAttribute('aria-expanded', 'true');
    row.append(picker);
    picker.firstChild.focus({ preventScroll: true });
    picker.scrollIntoView({ block: 'nearest' });
  });
  return opener;
}

function pickerOf({ mid, reactions = [] }, done) {
  const mine = reactions.find(({ from }) => from === 'person');
  return el('div', { class: 'picker', role: 'group', 'aria-label': 'Reactions' }, ...reactionsOn(document.body.dataset.platform).map(([reaction, emoji]) => {
    const chosen = mine?.reaction === reaction || mine?.emoji === emoji;
    const press = () => { done(); act(chosen ? { do: 'unreact', mid } : { do: 'react', mid, reaction, emoji }); };
    return el('button', { type: 'button', 'data-reaction': reaction, 'aria-label': reaction, 'aria-pressed': String(chosen), onclick: press }, emoji);
  }));
}

/* ---------- the wire: in plain words ---------- */

const WHY = {
  webhook: 'Meta signs every webhook with your app secret; the server answers 200 only once it is on disk.',
  graph: 'Your server writes by calling Meta back, with the access token of the account it answers for.',
  verify: 'Before any webhook, Meta asks your callback for the verify token and expects its challenge back.',
};
const HEADER_NOTES = {
  'x-hub-signature-256': 'The signature: HMAC-SHA256 of the exact body, keyed with your app secret. Only Meta and you can make it, so your server trusts nothing without it.',
  authorization: 'The access token: it says which account is writing, and that you may write for it.',
};

function eventWords({ message, reaction, ...event }) {
  if (message?.is_echo) return ['echo of the message', 'to'];
  if (message?.is_deleted) return ['message unsent', 'by'];
  if (message) return [message.quick_reply ? 'quick reply' : message.attachments?.[0]?.type ?? 'message', 'from'];
  if (reaction) return reaction.action === 'unreact' ? ['reaction withdrawn', 'by'] : ['reaction', 'from'];
  const other = event.field ?? Object.keys(event).find((key) => !['sender', 'recipient', 'timestamp'].includes(key)) ?? 'event';
  const known = { postback: ['button pressed', 'by'], read: ['messages read', 'by'], delivery: ['delivery', 'to'], message_edit: ['message edited', 'by'] };
  return known[other] ?? [other.replaceAll('_', ' '), 'for'];
}

function webhookTitle({ request, person }) {
  const events = [request?.entry ?? []].flat().flatMap((entry) => [entry.messaging, entry.standby, entry.changes].flatMap((list) => list ?? []));
  if (!events.length) return 'Webhook';
  const [what, how] = eventWords(events[0]);
  const more = events.length > 1 ? `, and ${events.length - 1} more` : '';
  return `Webhook — ${what}${person ? ` ${how} ${person}` : ''}${more}`;
}

function sendWords(body) {
  const { sender_action: action, message } = body ?? {};
  if (action) return { typing_on: 'typing indicator', typing_off: 'end of typing', mark_seen: 'seen receipt', react: 'reaction', unreact: 'reaction withdrawn' }[action] ?? action;
  const attachment = message?.attachment ?? message?.attachments?.[0];
  if (attachment?.type === 'template') return `${attachment.payload?.template_type ?? ''} template`.trim();
  if (attachment) return attachment.type;
  return message?.quick_replies?.length ? 'text with quick replies' : message?.text !== undefined ? 'text' : 'message';
}

function graphTitle(exchange) {
  const { method, person, request } = exchange;
  const last = addressOf(exchange).pathname.split('/').filter(Boolean).pop() ?? '';
  if (method === 'POST' && last === 'messages') return `Send API — ${sendWords(request)}${person ? ` to ${person}` : ''}`;
  const named = state.world?.people.find(({ ids }) => Object.values(ids).includes(last))?.name;
  return `Graph API — ${named ? `profile of ${named}` : /^\d+$/.test(last) ? 'account' : last.replaceAll('_', ' ')}`;
}

const addressOf = ({ url }) => new URL(URL.canParse(url, location.origin) ? url : '/', location.origin);

function titleOf(exchange) {
  if (exchange.kind === 'verify') return 'Callback verification';
  return exchange.kind === 'webhook' ? webhookTitle(exchange) : graphTitle(exchange);
}

function statusBadge({ status, error }) {
  const good = status >= 200 && status < 300;
  const look = good && !error ? 'good' : status || error ? 'bad' : '';
  return el('span', { class: `badge ${look}` }, el('span', { class: 'sr' }, 'status '), String(status ?? (error ? 'failed' : 'pending')));
}

/* ---------- the wire: rows ---------- */

function buildExchange(exchange) {
  const { id, kind, status, method, attempt, at, duration_ms: duration } = exchange;
  const address = addressOf(exchange), outward = kind === 'graph';
  const path = `${method} ${address.pathname}${address.search}`;
  const fault = exchange.error ?? exchange.response?.error?.message;
  const node = el('li', { class: 'exchange', 'data-kind': kind, 'data-status': status ?? 'none', 'data-id': id, 'data-testid': 'exchange' });
  const summary = el('summary', {},
    el('span', { class: 'arrow' }, icon(outward ? 'out' : 'in')),
    el('div', {},
      el('div', { class: 'title' }, el('span', { class: 'route' }, outward ? 'Your server → Meta' : 'Meta → your server'), ' ', el('b', {}, titleOf(exchange))),
      el('span', { class: 'path', title: exchange.url }, path),
      fault && el('div', { class: 'fault', dir: 'auto' }, fault),
      el('div', { class: 'why', hidden: true }, icon('info'), el('span', {}, WHY[kind] ?? ''))),
    el('div', { class: 'facts' },
      el('div', {}, attempt > 1 && el('span', { class: 'badge again' }, `attempt ${attempt}`), statusBadge(exchange), icon('down', 'chevron')),
      el('span', { title: `Sent at ${secondFormat.format(at)}` }, Number.isFinite(duration) ? `${duration} ms` : '')));
  const details = el('details', {}, summary);
  // The reader who opens a row wants to stay on it, whatever arrives below.
  summary.addEventListener('click', () => { if (!details.open) wireFollow.release(); });
  // Two hundred bodies are not worth drawing before somebody asks for one.
  details.addEventListener('toggle', () => { if (details.open && !details.querySelector('.detail')) details.append(detailOf(exchange)); });
  node.append(details);
  return node;
}

function detailOf(exchange) {
  const { request, response, request_headers: headers, method, url, status, at } = exchange;
  return el('div', { class: 'detail' },
    block(`Request, ${secondFormat.format(at)}`, `${method} ${url}`, (text) => el('div', { class: 'code' }, text)),
    Object.keys(headers ?? {}).length > 0 && block('Request headers', Object.entries(headers).map(([k, v]) => `${k}: ${v}`).join('\n'), () => headerList(headers)),
    request !== null && request !== undefined && block('Request body', prettyText(request), coloured),
    block(`Response${status ? `, status ${status}` : ''}`, prettyText(response ?? ''), (text) => (text ? coloured(text) : el('div', { class: 'code' }, 'No body'))));
}

function block(title, text, draw) {
  const copy = el('button', { type: 'button', class: 'small-button copy', 'aria-label': `Copy: ${title}` }, 'Copy');
  const body = draw(text);
  copy.addEventListener('click', async () => {
    try { await navigator.clipboard.writeText(text); copy.textContent = 'Copied'; announce('Copied'); }
    catch {
      // Without the clipboard (plain http on another host) the selection is the next best.
      getSelection().selectAllChildren(body);
      copy.textContent = 'Press Ctrl C';
    }
    setTimeout(() => { copy.textContent = 'Copy'; }, 1600);
  });
  return el('section', {}, el('div', { class: 'block-head' }, el('h3', {}, title), text && copy), body);
}

function headerList(headers) {
  return el('dl', { class: 'code headers' }, ...Object.entries(headers).map(([name, value]) => {
    const note = HEADER_NOTES[name.toLowerCase()];
    return el('div', { class: note && 'signed' }, el('dt', {}, `${name}: `), el('dd', {}, String(value), note && el('p', {}, note)));
  }));
}

function prettyText(value) {
  if (typeof value !== 'string') return JSON.stringify(value, null, 2);
  // A bare number stays as it was sent: a challenge may exceed what JSON keeps exact.
  if (!/^\s*[{[]/.test(value)) return value;
  try { return JSON.stringify(JSON.parse(value), null, 2); } catch { return value; }
}

function coloured(text) {
  const pre = el('pre', { class: 'code', tabindex: 0 });
  // Colour is a comfort: past this size it would only make the page slow.
  if (!/^[{[]/.test(text) || text.length > 40_000) { pre.append(text); return pre; }
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;
  let from = 0;
  for (const match of text.matchAll(token)) {
    const [whole, string, colon = '', number] = match;
    const look = string ? (colon ? 'j-key' : 'j-string') : number ? 'j-number' : 'j-literal';
    pre.append(text.slice(from, match.index), el('span', { class: look }, string ?? whole), colon);
    from = match.index + whole.length;
  }
  pre.append(text.slice(from));
  return pre;
}

/* ---------- the wire: the list ---------- */

/** Shown unless it names another conversation: what names none may well be ours. */
function shown({ kind, account, person }) {
  if (state.filter === 'all' || kind === 'verify') return true;
  return (account ?? state.account) === state.account && (person ?? state.person) === state.person;
}

function putExchange(exchange, live) {
  const before = state.exchanges.get(exchange.id);
  if (before && JSON.stringify(before.exchange) === JSON.stringify(exchange)) return;
  const node = buildExchange(exchange);
  if (before) {
    node.firstChild.open = before.node.firstChild.open;
    before.node.replaceWith(node);
  } else {
    // A slow call may be told after one that began later: order goes by number.
    let next = null, last = $('exchanges').lastElementChild;
    while (last && Number(last.dataset.id) > exchange.id) { next = last; last = last.previousElementSibling; }
    $('exchanges').insertBefore(node, next);
    if (live) flash(node);
    if (live && shown(exchange)) countUnread('wire');
  }
  state.exchanges.set(exchange.id, { exchange, node });
}

function dropExchange(id) { state.exchanges.get(id)?.node.remove(); state.exchanges.delete(id); }

function receiveExchange(exchange) {
  state.arrivals?.push(exchange);
  putExchange(exchange, true);
  if (state.exchanges.size > KEPT_EXCHANGES) dropExchange(Number($('exchanges').firstElementChild.dataset.id));
  applyFilter();
}

const loadExchanges = coalesce(async () => {
  state.arrivals = [];
  try {
    const { exchanges } = await api('/exchanges?limit=200');
    // What the stream brought during the read is newer than the read itself.
    const all = new Map([...exchanges, ...state.arrivals].map((one) => [one.id, one]));
    for (const id of [...state.exchanges.keys()]) if (!all.has(id)) dropExchange(id);
    for (const exchange of all.values()) putExchange(exchange, false);
    applyFilter();
  } finally { state.arrivals = null; }
});

function applyFilter() {
  const explained = new Set();
  let any = false;
  for (const node of $('exchanges').children) {
    const { exchange } = state.exchanges.get(Number(node.dataset.id));
    node.hidden = !shown(exchange);
    node.querySelector('.why').hidden = node.hidden || explained.has(exchange.kind);
    if (node.hidden) continue;
    explained.add(exchange.kind);
    any = true;
  }
  $('wire-empty').hidden = any;
}

function showOnWire({ mid, from }) {
  const found = [...state.exchanges.values()].filter(({ exchange: one }) => JSON.stringify([one.request, one.response]).includes(JSON.stringify(mid)));
  const hit = found.find(({ exchange }) => exchange.kind === (from === 'person' ? 'webhook' : 'graph')) ?? found[0];
  if (!hit) return showError(new EmulatorError('That message is older than the exchanges kept here.'));
  if (narrow.matches) selectTab('wire');
  wireFollow.release();
  const details = hit.node.firstChild;
  details.open = true;
  requestAnimationFrame(() => {
    flash(hit.node, 'found');
    hit.node.scrollIntoView({ block: 'start' });
    details.firstChild.focus({ preventScroll: true });
  });
}

/* ---------- staying in step with the emulator ---------- */

const loadWorld = coalesce(async () => {
  state.world = await api('/world');
  renderChoices();
  remember();
});

async function refreshAll() {
  await loadWorld();
  await Promise.all([api('/clock').then(setClock), loadChat(), loadExchanges()]);
}

function setConnection(name, text) { $('connection').dataset.state = name; setText($('connection-text'), text); }

function listen() {
  const stream = new EventSource('/emulator/stream');
  const on = (name, handle) => stream.addEventListener(name, ({ data }) => handle(JSON.parse(data || '{}')));
  stream.addEventListener('open', () => { setConnection('live', 'Live'); quietly(refreshAll()); });
  stream.addEventListener('error', () => {
    setConnection('closed', 'Disconnected');
    // The browser retries by itself, except after an answer it holds for final.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
  on('chat', ({ account, person }) => { if (account === state.account && person === state.person) quietly(loadChat()); });
  on('exchange', receiveExchange);
  on('clock', setClock);
  on('reset', () => {
    for (const id of [...state.exchanges.keys()]) dropExchange(id);
    state.chat = null;
    quietly(refreshAll());
  });
}

function bindControls() {
  $('account').addEventListener('change', () => choose({ account: $('account').value }));
  $('person').addEventListener('change', () => choose({ person: $('person').value }));
  addEventListener('hashchange', () => { const { account, person, theme } = remembered(); choose({ account, person, theme }); applyTheme(); });
  $('theme').addEventListener('click', toggleTheme);
  systemDark.addEventListener('change', applyTheme);
  narrow.addEventListener('change', () => selectTab(state.tab));

  $('tabs').addEventListener('click', ({ target }) => { const tab = target.closest('[role=tab]'); if (tab) selectTab(tab.dataset.tab); });
  $('tabs').addEventListener('keydown', ({ key }) => { if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key)) selectTab(key === 'Home' ? 'chat' : key === 'End' || state.tab === 'chat' ? 'wire' : 'chat', true); });
  $('skip').addEventListener('click', (event) => { event.preventDefault(); selectTab('chat'); $('composer').focus(); });
  $('filter').addEventListener('change', ({ target }) => { state.filter = target.value; applyFilter(); remember(); wireFollow.pin(); });

  $('composer').addEventListener('input', () => { composerChanged(); hideNotice(); });
  $('composer').addEventListener('keydown', (event) => {
    // While an input method composes, Enter chooses a word and must not send.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submitComposer();
  });
  $('compose-form').addEventListener('submit', (event) => { event.preventDefault(); submitComposer(); });
  $('attach').addEventListener('click', () => toggleAttach());
  $('attach-form').addEventListener('submit', (event) => { event.preventDefault(); submitAttach(); });
  $('attach-form').addEventListener('keydown', ({ key }) => { if (key === 'Escape') toggleAttach(false); });
  $('starter').addEventListener('click', () => { focusComposer(); say({ text: 'hello' }); });
  $('read').addEventListener('click', async () => { if (await act({ do: 'read' })) announce('Marked as read'); });
  $('advance').addEventListener('click', advanceClock);
  $('chat-scroller').addEventListener('keydown', moveAmongRows);
  $('messages').addEventListener('focusin', ({ target }) => { const row = target.closest('.row'); if (row && row !== currentRow) makeCurrent(row); });
}

function start() {
  const { account, person, theme, filter } = remembered();
  Object.assign(state, { account, person, theme: theme ?? null, filter: filter === 'all' ? 'all' : 'chat' });
  document.querySelector(`#filter [value=${state.filter}]`).checked = true;
  applyTheme();
  bindControls();
  composerChanged();
  selectTab('chat');
  quietly(refreshAll());
  listen();
  setInterval(renderWindow, 1000);
}

start();
