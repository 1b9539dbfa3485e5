// What the page knows: who is chosen, and what was last read from the emulator. It holds no truth of its own.

const STORE = 'rejoinder.playground';

export const PLATFORMS = {
  messenger: { label: 'Messenger', kind: 'Facebook Page on Messenger', glyph: 'messenger', as: 'the Page' },
  instagram: { label: 'Instagram', kind: 'Instagram account, through its Page', glyph: 'instagram', as: 'the Instagram account' },
  'instagram-login': { label: 'Instagram Login', kind: 'Instagram account, by itself', glyph: 'instagram', as: 'the Instagram account' },
};

export const state = {
  world: null, account: null, person: null, chat: null,
  tab: 'chat', filter: 'chat', theme: null,
  clockOffset: 0,
  exchanges: new Map(), // by id, in the order of the wire
  server: new Map(), // what the server says of itself, by what it is of
};

export const currentAccount = () => state.world?.accounts.find(({ name }) => name === state.account);
export const currentPlatform = () => PLATFORMS[currentAccount()?.platform] ?? PLATFORMS.messenger;
export const onInstagram = () => (currentAccount()?.platform ?? '').startsWith('instagram');

/** The name of who speaks on a side. */
export const nameOf = (side) => (side === 'person' ? state.person : state.account) ?? '';

/** Whether something names the conversation that is looked at. */
export const isCurrent = ({ account, person }) => account === state.account && person === state.person;

/** What was chosen the last time; the address counts before the store. */
export function remembered() {
  let stored = {};
  try { stored = JSON.parse(localStorage.getItem(STORE)) ?? {}; } catch { /* storage may be off or spoilt */ }
  let [account, person, theme] = [];
  try { [account, person, theme] = location.hash.slice(1).split('/').map(decodeURIComponent); } catch { /* a spoilt hash counts as none */ }
  return {
    account: account || stored.account, person: person || stored.person, filter: stored.filter,
    theme: ['light', 'dark'].includes(theme) ? theme : stored.theme,
  };
}

export function remember() {
  const { account, person, theme, filter } = state;
  try { localStorage.setItem(STORE, JSON.stringify({ account, person, theme, filter })); } catch { /* the hash still holds it */ }
  if (!account) return;
  history.replaceState(null, '', `#${[account, person, theme].filter(Boolean).map(encodeURIComponent).join('/')}`);
}
