/**
 * The page's body: landmarks, names and empty places. It refuses to hold data and style; places that the script
 * fills have a `data-testid`, which is the script's and the tests' only way to them.
 */

const counter = (id: string, label: string, more = '') => `
        <div class="counter">
          <dt>${label}</dt>
          <dd data-testid="${id}">0</dd>${more}
        </div>`;

const noted = (id: string, label: string, note: string) =>
  counter(id, label, `<dd class="note" data-testid="${id}-note">${note}</dd>`);

const command = (id: string, what: string) => `
        <li>
          <span class="what">${what}</span>
          <code data-testid="${id}" tabindex="0"></code>
          <button type="button" class="quiet" data-copy="${id}">Copy<span class="unseen">: ${what}</span></button>
        </li>`;

export const markup = `
    <a class="skip" href="#main">Skip to the stream</a>
    <header>
      <h1>sse-gateway <span>demo</span></h1>
      <p>A harbour reports its ships over one upstream connection; every client gets a history without holes. Break it.</p>
    </header>
    <main id="main">
      <section class="path" aria-label="The way of an event">
        <div class="node" data-state="unknown" data-node="upstream">
          <h2>Upstream</h2>
          <p><b data-testid="upstream-state">unknown</b> <span data-testid="upstream-note"></span></p>
          <button type="button" data-testid="cut">Cut the upstream</button>
        </div>
        <div class="wire" data-wire="upstream" aria-hidden="true"></div>
        <div class="node" data-state="unknown" data-node="gateway">
          <h2>Gateway</h2>
          <p><b data-testid="gateway-state">unknown</b> <span data-testid="gateway-note"></span></p>
          <button type="button" data-testid="second" aria-pressed="false">Second client</button>
        </div>
        <div class="wire" data-wire="client" aria-hidden="true"></div>
        <div class="node" data-state="connecting" data-node="client">
          <h2>This page</h2>
          <p><b data-testid="state">connecting</b> <span data-testid="latency"></span></p>
          <button type="button" data-testid="drop">Drop my connection</button>
        </div>
      </section>
      <section class="card counters" aria-labelledby="counted">
        <h2 id="counted">Counted by this page</h2>
        <dl>${counter('events', 'Events')}${counter('duplicates', 'Duplicates')}${noted('holes', 'Holes', 'nothing missing')}${noted('gaps', 'Gaps', 'none announced')}${counter('reconnects', 'Reconnects')}${counter('resumes', 'Exact resumes')}
        </dl>
        <p class="last">Last event id <code data-testid="last-id">–</code></p>
        <p class="second">Second client <span data-testid="second-client">none</span></p>
      </section>
      <section class="card story" aria-labelledby="story">
        <h2 id="story">What happened</h2>
        <div class="history" data-testid="history" role="img" aria-label="The upstream's states"></div>
        <p class="legend" aria-hidden="true"><span>2 min ago</span><span>the upstream</span><span>now</span></p>
        <div role="log" aria-live="polite" aria-relevant="additions" aria-labelledby="story" tabindex="0"><ol data-testid="moments"></ol></div>
      </section>
      <section class="card harbour" aria-labelledby="harbour">
        <h2 id="harbour">Harbour</h2>
        <canvas data-testid="radar" role="img" aria-label="Ships around the quay"></canvas>
      </section>
      <section class="card rate" aria-labelledby="rate">
        <h2 id="rate">Events per second <b data-testid="rate">0</b></h2>
        <canvas data-testid="spark" role="img" aria-label="Events per second in the last minute"></canvas>
      </section>
      <section class="card stream" aria-labelledby="stream">
        <div class="head">
          <h2 id="stream">Live events</h2>
          <button type="button" class="quiet" data-testid="pause" aria-pressed="false">Pause the list</button>
        </div>
        <ol data-testid="list" tabindex="0" aria-labelledby="stream"></ol>
      </section>
      <section class="card commands" aria-labelledby="commands">
        <h2 id="commands">The same from a shell</h2>
        <ul>${command('curl-live', 'Watch')}${command('curl-resume', 'Resume')}${command('curl-health', 'Health')}${command('curl-cut', 'Cut')}
        </ul>
      </section>
    </main>
    <p class="unseen" role="status" data-testid="said"></p>
    <noscript><p class="noscript">This page shows the stream with the browser's EventSource and needs JavaScript.</p></noscript>
`;
