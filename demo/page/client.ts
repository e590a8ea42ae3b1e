/**
 * Browser script, first part: one EventSource and the books kept on it. A text because it runs in the page and not
 * here; it refuses to touch the document, so that the page's two clients count by the same rules.
 *
 * `openClient(path, tell)` gives `{ counts, state, lastId, newest, drop(), close() }`. `tell(what, detail)` is called with
 * `state`, `event`, `gap`, `end`, `hole`, `duplicate`, `resume`, `silence` and `run`.
 */
export const clientScript = `
const SILENCE_MS = 1500;
const REOPEN_MS = 5000;

function openClient(path, tell) {
  const client = {
    state: '', lastId: '', newest: undefined,
    counts: { events: 0, holes: 0, missing: 0, silent: 0, duplicates: 0, gaps: 0, reconnects: 0, resumes: 0 },
    drop, close,
  };
  const counts = client.counts;
  let source, reopen, run;
  let opened = false;      // a stream was open before: the next 'open' is a reconnect
  let returning = false;   // reconnected, and the first event has not come yet
  let announced = false;   // a gap was announced, and the first event behind it has not come yet
  let heardAt = 0;

  function connect() {
    clearTimeout(reopen);
    const query = client.lastId === '' ? '' : '?lastEventId=' + encodeURIComponent(client.lastId);
    const mine = source = new EventSource(path + query);
    enter('connecting');
    mine.onopen = () => {
      if (opened) { counts.reconnects += 1; returning = true; }
      opened = true;
      enter('open');
    };
    mine.onerror = () => {
      if (mine !== source) return;
      enter(mine.readyState === EventSource.CLOSED ? 'closed' : 'connecting');
      // Any answer but a stream ends an EventSource for good; the page is for watching, so it asks again.
      if (mine.readyState === EventSource.CLOSED) reopen = setTimeout(connect, REOPEN_MS);
    };
    for (const type of ['message', 'berth', 'notice']) mine.addEventListener(type, take);
    mine.addEventListener('gateway.gap', (event) => {
      remember(event);
      counts.gaps += 1;
      announced = true;
      tell('gap', { data: parse(event.data) || {} });
    });
    mine.addEventListener('gateway.end', (event) => {
      remember(event);
      tell('end', { data: parse(event.data) || {}, text: event.data });
    });
  }

  function take(event) {
    const now = Date.now();
    const data = parse(event.data);
    remember(event);
    counts.events += 1;
    if (data && Number.isSafeInteger(data.n)) place(data, now);
    heardAt = now;
    returning = announced = false;
    tell('event', { type: event.type, data, text: event.data, id: event.lastEventId, now });
  }

  // The upstream counts its events in n without a hole: that is the proof, whatever ids the gateway gives.
  function place(data, now) {
    if (data.run !== run) {
      if (client.newest !== undefined) tell('run', {});
      run = data.run;
      client.newest = undefined;
    }
    const { newest } = client;
    const expected = newest === undefined ? data.n : newest + 1;
    const silentMs = now - heardAt;
    if (data.n > expected) {
      counts.holes += 1;
      counts.missing += data.n - expected;
      if (!announced) counts.silent += 1;
      tell('hole', { missing: data.n - expected, from: expected, announced });
    } else if (data.n < expected) {
      counts.duplicates += 1;
      tell('duplicate', { n: data.n });
      return;
    } else if (returning && newest !== undefined) {
      counts.resumes += 1;
      tell('resume', { n: data.n });
    } else if (newest !== undefined && silentMs >= SILENCE_MS) {
      tell('silence', { ms: silentMs, n: data.n });
    }
    client.newest = data.n;
  }

  function remember(event) {
    if (event.lastEventId !== '') client.lastId = event.lastEventId;
  }

  function enter(state) {
    if (state === client.state) return;
    client.state = state;
    tell('state', { state });
  }

  function drop() {
    source.close();
    connect();
  }

  function close() {
    clearTimeout(reopen);
    source.close();
  }

  connect();
  return client;
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
`;
