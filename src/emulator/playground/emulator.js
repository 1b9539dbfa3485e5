// The emulator's control routes, and the stream that tells when to read them again.

export class EmulatorError extends Error {
  constructor(message, hint) { super(message); this.hint = hint; }
}

async function call(path, body) {
  const options = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  let response;
  try { response = await fetch(`/emulator${path}`, options); }
  catch { throw new EmulatorError('The emulator does not answer.', 'Start it again, then reload this page.'); }
  const text = await response.text();
  if (response.ok) return text;
  const { error } = parsed(text) ?? {};
  throw new EmulatorError(error?.message ?? `The emulator answered ${response.status}.`, error?.hint);
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

/** Reads a control route, or writes to it when there is a body. */
export const api = async (path, body) => JSON.parse(await call(path, body));

/** A number that would be written otherwise than it was read keeps its own text, so that a copied body is the body that
    was signed. Browsers that cannot tell read it as any other number. */
const asWritten = JSON.rawJSON && ((key, value, { source }) =>
  (typeof value === 'number' && String(value) !== source ? JSON.rawJSON(source) : value));

/** JSON with its numbers as they were written. */
export const exactly = (text) => JSON.parse(text, asWritten);

export const lastExchanges = async (limit) => exactly(await call(`/exchanges?limit=${limit}`)).exchanges;

/** Runs one at a time; calls made meanwhile fold into a single further run. */
export function coalesce(work) {
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
export const quietly = (promise) => promise.catch((error) => { if (!(error instanceof EmulatorError)) throw error; });

/** Listens for what changes. `handlers`: `open`, `lost`, and one for each event of the stream, which gets its text. */
export function listen(handlers) {
  const stream = new EventSource('/emulator/stream');
  stream.addEventListener('open', handlers.open);
  stream.addEventListener('error', () => {
    handlers.lost();
    // The browser retries by itself, except after an answer it holds for final.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => listen(handlers), 2000);
  });
  for (const name of ['chat', 'exchange', 'clock', 'reset', 'server']) stream.addEventListener(name, ({ data }) => handlers[name](data));
}
