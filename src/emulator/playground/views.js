// Light or dark, and on a narrow screen one view at a time.

import { $, el } from './dom.js';
import { remember, state } from './state.js';

const VIEWS = ['chat', 'bench', 'wire'];
const unread = { chat: 0, bench: 0, wire: 0 };

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const narrow = matchMedia('(max-width: 899px)');

export const isNarrow = () => narrow.matches;

const isDark = () => (state.theme ? state.theme === 'dark' : systemDark.matches);

export function applyTheme() {
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

export function selectView(name, focus = false) {
  state.tab = name;
  document.body.dataset.tab = name;
  unread[name] = 0;
  for (const view of VIEWS) {
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
  for (const view of VIEWS) {
    const badge = $(`tab-${view}`).querySelector('.count'), count = unread[view];
    badge.hidden = count === 0;
    badge.replaceChildren(count > 99 ? '99+' : String(count), el('span', { class: 'sr' }, ' unread'));
  }
}

/** Something came up in a view that cannot be seen. */
export function countUnread(view, by = 1) {
  if (narrow.matches && state.tab !== view) unread[view] += by;
  renderCounts();
}

function moveAmongTabs({ key }) {
  const at = VIEWS.indexOf(state.tab), count = VIEWS.length;
  const to = { ArrowLeft: at + count - 1, ArrowRight: at + 1, Home: 0, End: count - 1 }[key];
  if (to !== undefined) selectView(VIEWS[to % count], true);
}

export function bindViews() {
  $('theme').addEventListener('click', toggleTheme);
  systemDark.addEventListener('change', applyTheme);
  narrow.addEventListener('change', () => selectView(state.tab));
  $('tabs').addEventListener('click', ({ target }) => {
    const tab = target.closest('[role=tab]');
    if (tab) selectView(tab.dataset.tab);
  });
  $('tabs').addEventListener('keydown', moveAmongTabs);
  $('skip').addEventListener('click', (event) => { event.preventDefault(); selectView('chat'); $('composer').focus(); });
  applyTheme();
  selectView('chat');
}
