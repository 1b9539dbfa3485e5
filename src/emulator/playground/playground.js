// Rejoinder playground: the person's phone on one side, the wire on the other.
//
// The page holds no truth of its own. The stream only says that something
// changed; the page then reads it again from the emulator and reconciles, so a
// lost event or a reconnection can never leave it wrong for long.
//
// - `emulator` reads and writes, `state` holds what was read, `acts` is what the person does.
// - `thread` draws the conversation: `message`, `attachments`, `templates`, `buttons`, `quick-replies`; `comment` what is
//   written beside it, `window` and `owner` who may write.
// - `composer` and `sheet` are where one acts, by what `deeds` lists; `bench` is where time and Meta are bent.
// - `wire` lists the exchanges, `exchange` draws one in the words of `words`, `json` and `copy` take it along. `server` puts
//   between them what never left the server, where the emulator knows one; `server-row` draws it.

import { bindBench, loadClock, loadFaults, recheckFaults, setClock } from './bench.js';
import { bindChoices, choose, countElsewhere, forgetUnread, renderChoices } from './choices.js';
import { bindComposer, dropPurpose } from './composer.js';
import { $, setText } from './dom.js';
import { api, coalesce, listen, quietly } from './emulator.js';
import { hideNotice } from './notice.js';
import { bindRows } from './rows.js';
import { wireEnd } from './scrollers.js';
import { askServer, followServer, forgetServer, leaveServer } from './server.js';
import { bindSheet, closeSheet } from './sheet.js';
import { isCurrent, remember, remembered, state } from './state.js';
import { bindThread, loadChat } from './thread.js';
import { applyTheme, bindViews, countUnread } from './views.js';
import { applyFilter, bindWire, forgetExchanges, loadExchanges, receiveExchange, showOnWire } from './wire.js';

const loadWorld = coalesce(async () => {
  state.world = await api('/world');
  renderChoices();
  remember();
});

async function refreshAll() {
  await loadWorld();
  await Promise.all([loadClock(), loadFaults(), loadExchanges(), loadChat()]);
}

function chosen() {
  hideNotice();
  dropPurpose();
  closeSheet();
  quietly(loadChat());
  applyFilter();
  wireEnd.pin();
}

function setConnection(name, text) {
  $('connection').dataset.state = name;
  setText($('connection-text'), text);
}

function exchangeArrived(text) {
  const exchange = receiveExchange(text);
  countElsewhere(exchange);
  recheckFaults(exchange);
  askServer();
}

function everythingIsGone() {
  forgetExchanges();
  forgetServer();
  forgetUnread();
  dropPurpose();
  state.chat = null;
  quietly(refreshAll());
  askServer();
}

function start() {
  const { account, person, theme, filter } = remembered();
  Object.assign(state, { account, person, theme: theme ?? null, filter: filter === 'all' ? 'all' : 'chat' });
  bindViews();
  bindChoices(chosen);
  bindComposer();
  bindSheet();
  bindRows();
  bindThread({ onWire: showOnWire, onNews: (count) => countUnread('chat', count) });
  bindBench();
  bindWire();
  addEventListener('hashchange', () => {
    const wanted = remembered();
    choose({ account: wanted.account, person: wanted.person, theme: wanted.theme });
    applyTheme();
  });
  quietly(refreshAll());
  listen({
    open: () => { setConnection('live', 'Live'); quietly(refreshAll()); },
    lost: () => { setConnection('closed', 'Disconnected'); leaveServer(); },
    chat: (text) => { if (isCurrent(JSON.parse(text))) quietly(loadChat()); },
    exchange: exchangeArrived,
    clock: (text) => { setClock(JSON.parse(text)); quietly(loadChat()); },
    reset: everythingIsGone,
    server: followServer,
  });
}

start();
