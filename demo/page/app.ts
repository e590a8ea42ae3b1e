/**
 * Browser script, last part: puts the client's books, the gateway's `/health` and the buttons on the page. A text
 * because it runs in the page. Data reaches the document as `textContent` only; the screen is painted once a frame at
 * most, however many events come.
 */
export const appScript = String.raw`
const STREAM = '/events/demo';
const HEALTH_MS = 500;
const HISTORY_MS = 120000;
const ROWS = 30;
const MOMENTS = 60;
const TYPES = { message: 'position', 'gateway.gap': 'gap', 'gateway.end': 'end' };

const part = (id) => document.querySelector('[data-testid="' + id + '"]');
const put = (id, text) => { const place = part(id); if (place.textContent !== String(text)) place.textContent = text; };
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const plural = (count, noun) => count + ' ' + noun + (count === 1 ? '' : 's');
const clockTime = (ms) => {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8);
};

const ships = new Map();
const seconds = new Array(SECONDS).fill(0);
const marks = new Array(SECONDS).fill('');
const latencies = [];
const reasons = new Map();
let rows = [];
let paused = false;
let painting = false;
let opened = false;
let dropping = false;
let second;

function happened(text, tone) {
  const item = make('li');
  item.dataset.tone = tone;
  item.append(make('time', clockTime(Date.now())), make('span', text));
  const list = part('moments');
  list.prepend(item);
  while (list.children.length > MOMENTS) list.lastChild.remove();
  if (tone !== 'plain') marks[SECONDS - 1] = tone;
}

function row(type, id, text, t) {
  rows.push({ type, id, text, t });
  if (rows.length > ROWS) rows.shift();
  if (!painting) { painting = true; requestAnimationFrame(paint); }
}

function describe(data, text) {
  if (!data) return text;
  if (data.text) return data.text;
  if (data.what) return data.ship + ' ' + data.what + ' berth ' + data.berth;
  if (data.ship) return data.ship + ', ' + data.kind + ' · ' + data.kn + ' kn · ' + data.hdg + '°';
  return text;
}

function gapText(gap) {
  const lost = typeof gap.lost === 'number' ? plural(gap.lost, 'event') + ' lost' : 'loss unknown';
  return 'Gap: ' + (gap.reason || 'no reason given') + ', ' + lost;
}

const hear = {
  state({ state }) {
    if (state === 'open') happened(opened ? 'Reconnected' : 'Connected', 'plain');
    else if (state === 'closed') happened('Connection refused for good; a new one follows', 'bad');
    else if (opened && !dropping) happened('Connection lost; the browser reconnects', 'wait');
    if (state === 'open') opened = true;
  },
  event({ type, data, text, id, now }) {
    seconds[SECONDS - 1] += 1;
    if (data && Number.isFinite(data.t)) {
      latencies.push(Math.max(0, now - data.t));
      if (latencies.length > 15) latencies.shift();
    }
    if (data) moveShip(ships, type, data);
    row(type, id, describe(data, text), data && Number.isFinite(data.t) ? data.t : now);
  },
  gap({ data }) {
    const reason = String(data.reason || 'unknown');
    reasons.set(reason, (reasons.get(reason) || 0) + 1);
    happened(gapText(data), 'bad');
    row('gateway.gap', '', gapText(data), Date.now());
  },
  end({ data, text }) {
    const why = 'The gateway ended the stream: ' + (data.reason || text);
    happened(why, 'bad');
    row('gateway.end', '', why, Date.now());
  },
  hole({ missing, from, announced }) {
    happened(plural(missing, 'event') + ' missing from n=' + from + (announced ? ', as announced' : ', UNANNOUNCED'), 'bad');
  },
  duplicate({ n }) { if (client.counts.duplicates === 1) happened('A duplicate: n=' + n, 'bad'); },
  resume({ n }) { happened('Resumed exactly, at n=' + n, 'good'); },
  silence({ ms, n }) { happened('After ' + (ms / 1000).toFixed(1) + ' s of silence: went on at n=' + n + ', nothing lost', 'good'); },
  run() { happened('The upstream was started anew and counts from the beginning', 'wait'); },
};

const client = openClient(STREAM, (what, detail) => { hear[what](detail); if (!painting) { painting = true; requestAnimationFrame(paint); } });

function paint() {
  painting = false;
  const { counts } = client;
  for (const id of ['events', 'holes', 'duplicates', 'gaps', 'reconnects', 'resumes']) put(id, counts[id]);
  put('holes-note', counts.missing === 0 ? 'nothing missing' : plural(counts.missing, 'event') + (counts.silent ? ', ' + counts.silent + ' silent' : ', announced'));
  put('gaps-note', [...reasons].map(([reason, count]) => reason + (count > 1 ? ' ×' + count : '')).join(', ') || 'none announced');
  part('holes').parentElement.dataset.tone = counts.silent ? 'bad' : counts.holes ? 'wait' : '';
  part('duplicates').parentElement.dataset.tone = counts.duplicates ? 'bad' : '';
  part('gaps').parentElement.dataset.tone = counts.gaps ? 'wait' : '';
  put('last-id', client.lastId || '–');
  const sorted = [...latencies].sort((a, b) => a - b);
  put('latency', sorted.length && client.state === 'open' ? 'latency ' + sorted[sorted.length >> 1] + ' ms' : '');
  showState('client', 'state', client.state);
  if (second) {
    const apart = (client.newest || 0) - (second.newest || 0);
    const step = second.newest === undefined ? second.state : apart === 0 ? 'in step' : Math.abs(apart) + (apart > 0 ? ' behind' : ' ahead');
    put('second-client', step + ', ' + plural(second.counts.holes, 'hole'));
  } else {
    put('second-client', 'none');
  }
  put('curl-resume', 'curl -N ' + (client.lastId ? '-H ' + quoted('Last-Event-ID: ' + client.lastId) + ' ' : '') + location.origin + STREAM);
  if (!paused) paintRows();
  drawRadar(part('radar'), ships);
  drawRate(part('spark'), seconds, marks);
}

function paintRows() {
  const list = part('list');
  for (const { type, id, text, t } of rows) {
    const item = make('li', undefined, 'new');
    item.dataset.type = type;
    item.append(make('time', clockTime(t)), make('span', TYPES[type] || type, 'type'), make('span', text), make('span', id, 'id'));
    list.prepend(item);
  }
  rows = [];
  while (list.children.length > ROWS) list.lastChild.remove();
}

function showState(node, id, state, tone = state) {
  put(id, state);
  document.querySelector('[data-node=' + node + ']').dataset.state = tone;
  const wire = document.querySelector('[data-wire=' + node + ']');
  if (wire) wire.classList.toggle('flows', state === 'open');
}

// A shell command that holds a foreign id must stay one word.
const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

const states = [];
function upstreamIs(state) {
  const now = Date.now();
  const last = states[states.length - 1];
  if (!last || last.state !== state) {
    states.push({ state, at: now });
    if (last) happened('Upstream ' + state, state === 'open' ? 'good' : state === 'failed' ? 'bad' : 'wait');
  }
  while (states.length > 1 && states[1].at < now - HISTORY_MS) states.shift();
  part('history').replaceChildren(...states.map(({ state: was, at }, i) => {
    const piece = make('i');
    const end = i + 1 < states.length ? states[i + 1].at : now;
    piece.dataset.state = was;
    piece.style.width = (Math.max(0, end - Math.max(at, now - HISTORY_MS)) / HISTORY_MS) * 100 + '%';
    piece.title = was + ' from ' + clockTime(at);
    return piece;
  }));
  part('history').setAttribute('aria-label', 'Upstream ' + state + ', ' + plural(states.length - 1, 'change') + ' in the last two minutes');
}

async function askHealth() {
  try {
    const health = await (await fetch('/health', { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(3000) })).json();
    const list = health.channels || {};
    const channel = (Array.isArray(list) ? list.find((each) => each.channel === 'demo' || each.name === 'demo') : list.demo) || {};
    const state = String(channel.state || 'unknown');
    showState('upstream', 'upstream-state', state);
    upstreamIs(state);
    const age = channel.lastEventAgeMs;
    put('upstream-note', channel.attempts ? 'attempt ' + channel.attempts : Number.isFinite(age) ? 'event ' + (age < 1000 ? 'just now' : (age / 1000).toFixed(0) + ' s ago') : '');
    const status = String(health.status || 'ok');
    showState('gateway', 'gateway-state', status, status === 'draining' ? 'draining' : 'ok');
    put('gateway-note', Number.isFinite(channel.subscribers) ? plural(channel.subscribers, 'client') : '');
  } catch {
    showState('gateway', 'gateway-state', 'unreachable', 'failed');
    showState('upstream', 'upstream-state', 'unknown');
    put('gateway-note', '');
    put('upstream-note', '');
    upstreamIs('unknown');
  }
  setTimeout(askHealth, HEALTH_MS);
}

part('cut').addEventListener('click', async () => {
  happened('You cut the upstream, inside an event', 'wait');
  const answer = await fetch('/demo/cut', { method: 'POST' }).catch(() => undefined);
  if (!answer || !answer.ok) happened('The cut was not accepted' + (answer ? ' (' + answer.status + ')' : ''), 'bad');
});
part('drop').addEventListener('click', () => {
  happened('You dropped the connection; resuming behind ' + (client.lastId || 'nothing'), 'wait');
  dropping = true;
  client.drop();
  dropping = false;
});
part('second').addEventListener('click', (click) => {
  if (second) { second.close(); second = undefined; } else second = openClient(STREAM, () => {});
  click.currentTarget.setAttribute('aria-pressed', String(second !== undefined));
  happened(second ? 'A second client joined' : 'The second client left', 'plain');
});
part('pause').addEventListener('click', (click) => {
  paused = !paused;
  click.currentTarget.setAttribute('aria-pressed', String(paused));
  if (!paused) paintRows();
});
for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', async () => {
    const code = part(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(code.textContent);
      put('said', 'Copied');
    } catch {
      getSelection().selectAllChildren(code);
      put('said', 'Selected; copy it with the keyboard');
    }
  });
}

put('curl-live', 'curl -N ' + location.origin + STREAM);
put('curl-resume', 'curl -N ' + location.origin + STREAM);
put('curl-health', 'curl -s ' + location.origin + '/health');
put('curl-cut', 'curl -X POST ' + location.origin + '/demo/cut');
setInterval(() => {
  const settled = seconds.slice(-4, -1);
  put('rate', (settled.reduce((sum, count) => sum + count, 0) / settled.length).toFixed(1));
  part('spark').setAttribute('aria-label', 'Events per second in the last minute: now ' + part('rate').textContent + ', most ' + Math.max(...seconds));
  part('radar').setAttribute('aria-label', plural(ships.size, 'ship') + ' known around the quay');
  seconds.push(0);
  seconds.shift();
  marks.push('');
  marks.shift();
  paint();
}, 1000);
askHealth();
`;
