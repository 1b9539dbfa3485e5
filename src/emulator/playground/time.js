// Time as the emulator's clock tells it, in words.

import { state } from './state.js';

export const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

export const emulatorNow = () => Date.now() + state.clockOffset;

const format = (options) => new Intl.DateTimeFormat('en-GB', options);
const clockFormat = format({ hour: '2-digit', minute: '2-digit' });
const secondFormat = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayFormat = format({ weekday: 'short', day: 'numeric', month: 'short' });

export const clockText = (at) => clockFormat.format(at);
export const secondText = (at) => secondFormat.format(at);
export const dayText = (at) => dayFormat.format(at);

function dayDistance(at) {
  const midnight = (ms) => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((midnight(at) - midnight(emulatorNow())) / DAY);
}

/** `Today 14:05`. */
export function stampText(at) {
  const day = { 0: 'Today', '-1': 'Yesterday' }[dayDistance(at)] ?? dayText(at);
  return `${day} ${clockText(at)}`;
}

/** `14:05 tomorrow`. */
export function untilText(at) {
  const day = { 0: '', 1: ' tomorrow' }[dayDistance(at)] ?? ` on ${dayText(at)}`;
  return clockText(at) + day;
}

/** `23 h 59 min`. */
export function spanText(ms) {
  if (ms < MINUTE) return `${Math.max(1, Math.floor(ms / 1000))} s`;
  const days = Math.floor(ms / DAY), hours = Math.floor((ms % DAY) / HOUR), minutes = Math.floor((ms % HOUR) / MINUTE);
  if (days > 1) return [`${days} d`, hours && `${hours} h`].filter(Boolean).join(' ');
  const all = hours + 24 * days;
  return [all && `${all} h`, (minutes || !all) && `${minutes} min`].filter(Boolean).join(' ');
}
