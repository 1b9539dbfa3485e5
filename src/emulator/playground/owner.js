// Whose the conversation is: the app it belongs to is told everything, the others stand by.

import { $, setText } from './dom.js';
import { state } from './state.js';

/** The inboxes of Pages and of Instagram accounts are apps of Meta's own. */
const INBOXES = ['263902037430900', '1217981644879628'];

export function renderOwner({ owner }) {
  const isYours = String(owner) === state.world?.app.id;
  $('owner').hidden = !owner;
  $('owner').dataset.state = isYours ? 'yours' : 'anothers';
  setText($('owner'), isYours ? 'With your app' : INBOXES.includes(String(owner)) ? 'With the inbox' : `With app ${owner}`);
  $('owner').title = isYours
    ? 'The conversation is your app’s: others stand by'
    : 'The conversation is not your app’s: it stands by, and hears without being asked';
}
