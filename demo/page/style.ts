/**
 * The page's look: light and dark by the reader's setting, one column to three. It refuses external fonts and images.
 * Text colours keep 4.5:1 on their ground in both schemes; nothing is told by colour alone.
 */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #eef3f6; --card: #ffffff; --ink: #10242f; --soft: #4a6170; --line: #d3dee5;
  --good: #0b7a5c; --wait: #8f5a00; --bad: #b3261e; --accent: #0a6a94; --on-accent: #ffffff;
  --sea: #e3eef4; --land: #d8e2db; --new: #e0f2f4;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, 'DejaVu Sans Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #08131b; --card: #0f1e29; --ink: #e3eef4; --soft: #93abba; --line: #213644;
    --good: #46d3a4; --wait: #f2b757; --bad: #ff8b80; --accent: #5cc3ee; --on-accent: #04222f;
    --sea: #0a1922; --land: #1d2f2b; --new: #12303a;
  }
}
* { box-sizing: border-box; margin: 0; }
html { -webkit-text-size-adjust: 100%; }
body {
  background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
  max-width: 1280px; margin: 0 auto; padding: 16px 20px 18px;
}
[hidden] { display: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99em; }
.skip:focus { left: 12px; top: 8px; background: var(--card); padding: 6px 10px; color: var(--accent); z-index: 1; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 20px; margin-bottom: 14px; }
h1 { font-size: 21px; letter-spacing: -0.01em; font-weight: 700; }
h1 span { color: var(--accent); font-weight: 500; }
header p { color: var(--soft); flex: 1 1 30em; }
h2 { font-size: 13px; font-weight: 600; color: var(--soft); }
code, dd, .history, [data-testid=rate] { font-family: var(--mono); font-variant-numeric: tabular-nums; }
button {
  font: inherit; font-weight: 600; font-size: 14px; border-radius: 8px; padding: 6px 12px; cursor: pointer; white-space: nowrap;
  border: 1px solid var(--accent); background: transparent; color: var(--accent); min-height: 36px;
}
button:hover { background: var(--accent); color: var(--on-accent); }
button[aria-pressed=true] { background: var(--accent); color: var(--on-accent); }
button.quiet { font-size: 13px; padding: 2px 10px; min-height: 28px; border-color: var(--line); color: var(--soft); }
button.quiet:hover, button.quiet[aria-pressed=true] { background: var(--line); color: var(--ink); }
main {
  display: grid; gap: 14px; grid-template-columns: minmax(0, 280px) minmax(0, 1fr) minmax(0, 320px);
  grid-template-areas: 'path path path' 'counters stream story' 'rate stream harbour' 'commands commands commands';
  grid-template-rows: auto auto 1fr auto;
}
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 14px; }

.path {
  grid-area: path; display: grid; grid-template-columns: 1fr minmax(24px, 0.5fr) 1fr minmax(24px, 0.5fr) 1fr;
}
.node {
  --tone: var(--soft); background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--tone);
  border-radius: 12px; padding: 9px 14px 12px; display: grid; gap: 2px 10px; grid-template-columns: 1fr auto;
}
.node button { grid-column: 2; grid-row: 1 / 3; align-self: center; }
.node p { color: var(--soft); font-size: 13.5px; }
.node b { color: var(--tone); font-size: 18px; line-height: 1.25; display: block; }
.node p span { display: block; min-height: 1.45em; font-variant-numeric: tabular-nums; white-space: nowrap; }
[data-state=open], [data-state=ok] { --tone: var(--good); }
[data-state=connecting], [data-state=backoff], [data-state=draining] { --tone: var(--wait); }
[data-state=closed], [data-state=failed] { --tone: var(--bad); }
.wire { height: 4px; align-self: center; background: repeating-linear-gradient(90deg, var(--line) 0 6px, transparent 6px 12px); }
.wire.flows {
  background: linear-gradient(90deg, transparent, var(--good), transparent) 0 0 / 36px 100%, var(--line);
  animation: flow 0.9s linear infinite;
}
@keyframes flow { to { background-position: 36px 0, 0 0; } }

.counters { grid-area: counters; }
.counters dl { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 12px; margin-top: 6px; }
.counter dt { color: var(--soft); font-size: 13px; }
.counter dd { font-size: 25px; font-weight: 600; line-height: 1.15; }
.counter dd.note { font: inherit; font-size: 12.5px; color: var(--soft); }
.counter[data-tone=bad] dd:not(.note) { color: var(--bad); }
.counter[data-tone=wait] dd:not(.note) { color: var(--wait); }
.last { margin-top: 8px; padding-top: 8px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
.last code { color: var(--ink); overflow-wrap: anywhere; }
.second { margin-top: 4px; color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }

.story { grid-area: story; display: flex; flex-direction: column; }
.history { display: flex; height: 18px; border-radius: 5px; overflow: hidden; background: var(--line); margin-top: 8px; justify-content: flex-end; }
.history i { background: var(--tone, var(--soft)); min-width: 2px; border-left: 1px solid var(--card); }
.history [data-state=backoff] { background: repeating-linear-gradient(45deg, var(--wait) 0 4px, transparent 4px 7px); }
.legend { display: flex; justify-content: space-between; color: var(--soft); font-size: 12px; margin: 2px 0 6px; }
.story ol { list-style: none; padding: 0; font-size: 13.5px; }
.story [role=log] { overflow-y: auto; flex: 1 1 0; min-height: 120px; }
.story li { display: grid; grid-template-columns: 5.6em 1fr; gap: 8px; padding: 3px 0; }
.story time { color: var(--soft); font-family: var(--mono); font-size: 12px; line-height: 1.63; }
.story li[data-tone=good] span { color: var(--good); }
.story li[data-tone=wait] span { color: var(--wait); }
.story li[data-tone=bad] span { color: var(--bad); font-weight: 600; }

.harbour { grid-area: harbour; }
.rate { grid-area: rate; }
.harbour canvas, .rate canvas { display: block; width: 100%; height: 132px; margin-top: 8px; border-radius: 8px; }
.rate h2 b { float: right; color: var(--ink); font-size: 15px; }

.stream { grid-area: stream; display: flex; flex-direction: column; min-height: 380px; }
.head { display: flex; justify-content: space-between; align-items: center; margin-bottom: 4px; }
.stream ol { list-style: none; padding: 0; overflow-y: auto; flex: 1 1 0; min-height: 0; }
.stream li {
  display: grid; grid-template-columns: 4.2em 4.2em minmax(0, 1fr) auto; gap: 12px; align-items: baseline;
  padding: 3.5px 6px; border-bottom: 1px solid var(--line); font-size: 14px;
}
.stream li.new { animation: arrive 0.8s ease-out; }
@keyframes arrive { from { background: var(--new); } }
.stream li span:nth-child(3) { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.stream time, .stream .id { font-family: var(--mono); font-size: 12px; color: var(--soft); }
.stream .type { font-size: 12px; font-weight: 600; color: var(--soft); }
.stream li[data-type=berth] .type { color: var(--good); }
.stream li[data-type=notice] .type { color: var(--wait); }
.stream li[data-type^=gateway] { color: var(--bad); font-weight: 600; }
.stream li[data-type^=gateway] .type { color: var(--bad); }

.commands { grid-area: commands; }
.commands ul { list-style: none; padding: 0; display: grid; grid-template-columns: 1fr 1fr; gap: 6px 24px; margin-top: 6px; }
.commands li { display: grid; grid-template-columns: 5.5em minmax(0, 1fr) auto; gap: 10px; align-items: center; font-size: 13.5px; }
.commands .what { color: var(--soft); }
.commands code { overflow-x: auto; white-space: nowrap; background: var(--ground); border-radius: 6px; padding: 5px 8px; font-size: 12.5px; }
.noscript { color: var(--bad); margin-top: 14px; }

@media (max-width: 1080px) {
  main {
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); grid-template-rows: none;
    grid-template-areas: 'path path' 'counters story' 'harbour rate' 'stream stream' 'commands commands';
  }
  .path { grid-template-columns: 1fr 24px 1fr 24px 1fr; }
  .node { grid-template-columns: 1fr; align-content: start; }
  .node button { grid-column: 1; grid-row: auto; margin-top: 6px; justify-self: start; }
  .commands ul { grid-template-columns: 1fr; }
  .story [role=log] { flex-basis: 160px; }
}
@media (max-width: 640px) {
  body { padding: 14px 12px 24px; }
  main { grid-template-columns: minmax(0, 1fr); gap: 10px; grid-template-areas: 'path' 'counters' 'harbour' 'rate' 'story' 'stream' 'commands'; }
  .path { grid-template-columns: 1fr; }
  .wire { width: 4px; height: 12px; margin-left: 28px; background: repeating-linear-gradient(var(--line) 0 3px, transparent 3px 6px); }
  .wire.flows { background: linear-gradient(transparent, var(--good), transparent) 0 0 / 100% 36px, var(--line); animation-name: flow-down; }
  @keyframes flow-down { to { background-position: 0 36px, 0 0; } }
  .node { grid-template-columns: 1fr auto; }
  .node button { grid-column: 2; grid-row: 1 / 3; margin-top: 0; }
  .counters dl { grid-template-columns: repeat(3, 1fr); }
  .counter dd { font-size: 21px; }
  .stream li { grid-template-columns: 4em minmax(0, 1fr) auto; gap: 8px; padding-inline: 0; }
  .stream .type { font-size: 11.5px; }
  .node b, .node p span { display: inline; }
  .story [role=log] { flex-basis: 190px; }
  .stream time { display: none; }
  .commands li { grid-template-columns: minmax(0, 1fr) auto; }
  .commands .what { grid-column: 1 / 3; margin-bottom: -4px; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
}
`;
