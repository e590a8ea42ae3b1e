/**
 * A CPU profile as a flame graph: time from left to right is share, not order; a frame stands on what called it. SVG as
 * text, each frame with its share as a tooltip. What was idle is left out.
 */
import type { Profiler } from 'node:inspector';

interface Frame {
  readonly name: string;
  /** Where its code is: the gateway's, a package's, Node's, or the engine's and the kernel's. */
  readonly kind: Kind;
  micros: number;
  readonly callees: Map<string, Frame>;
}

type Kind = 'gateway' | 'package' | 'node' | 'native';

const COLOURS: Readonly<Record<Kind, string>> = {
  gateway: '#0a7d5a',
  package: '#e0a458',
  node: '#9db4c0',
  native: '#c8553d',
};
const WIDTH = 1_200;
const ROW = 17;
const TOP = 50;
/** Narrower frames are not drawn, px. */
const NARROWEST = 0.5;
const GLYPH = 6.2;

/** @returns a document of its own */
export function flameGraph(title: string, profile: Profiler.Profile): string {
  const root = merged(profile);
  const rects: string[] = [];
  const rows = draw(root, 0, 0, WIDTH / Math.max(root.micros, 1), root.micros, rects);
  const height = TOP + rows * ROW + 10;
  const legend = Object.entries(COLOURS).map(
    ([kind, colour], i) =>
      `<rect x="${12 + i * 110}" y="32" width="10" height="10" fill="${colour}"/><text x="${26 + i * 110}" y="41">${kind}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="monospace" font-size="10.5" fill="#1f2933">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="20" font-size="14">${escaped(title)}</text>`,
    ...legend,
    ...rects,
    '</svg>',
    '',
  ].join('\n');
}

/** Whose code the busy time was spent in, as shares of it; what is called counts for itself. */
export function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Record<Kind, number> {
  const byId = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const micros: Record<Kind, number> = { gateway: 0, package: 0, node: 0, native: 0 };
  let all = 0;
  for (const [i, id] of samples.entries()) {
    const callFrame = byId.get(id)!;
    if (callFrame.functionName === '(idle)') continue;
    micros[kindOf(callFrame)] += timeDeltas[i] ?? 0;
    all += timeDeltas[i] ?? 0;
  }
  for (const kind of Object.keys(micros) as Kind[]) micros[kind] /= Math.max(all, 1);
  return micros;
}

/** Calls of the same function from the same place put together, with the time of all below them. */
function merged({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const root: Frame = { name: 'all', kind: 'node', micros: 0, callees: new Map() };
  const self = new Map<number, number>();
  for (const [i, id] of samples.entries()) self.set(id, (self.get(id) ?? 0) + (timeDeltas[i] ?? 0));
  for (const [id, micros] of self) {
    const stack: Profiler.ProfileNode[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at))
      stack.unshift(byId.get(at)!);
    if (stack.at(-1)!.callFrame.functionName === '(idle)') continue;
    let frame = root;
    frame.micros += micros;
    for (const { callFrame } of stack.slice(1)) {
      const name = nameOf(callFrame);
      let callee = frame.callees.get(name);
      if (callee === undefined) {
        callee = { name, kind: kindOf(callFrame), micros: 0, callees: new Map() };
        frame.callees.set(name, callee);
      }
      callee.micros += micros;
      frame = callee;
    }
  }
  return root;
}

/** Draws a frame and what it called; returns how many rows that took. */
function draw(frame: Frame, x: number, row: number, scale: number, all: number, rects: string[]): number {
  const width = frame.micros * scale;
  if (width < NARROWEST) return row;
  const share = ((100 * frame.micros) / all).toFixed(1);
  const y = TOP + row * ROW;
  const fits = Math.floor((width - 4) / GLYPH);
  const label =
    fits > 2
      ? `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(frame.name.slice(0, fits))}</text>`
      : '';
  rects.push(
    `<g><title>${escaped(frame.name)}: ${share} %</title><rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${COLOURS[frame.kind]}"/>${label}</g>`,
  );
  let at = x;
  let deepest = row + 1;
  for (const callee of [...frame.callees.values()].sort((a, b) => b.micros - a.micros)) {
    deepest = Math.max(deepest, draw(callee, at, row + 1, scale, all, rects));
    at += callee.micros * scale;
  }
  return deepest;
}

function nameOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  const file = url.split('/').slice(-2).join('/');
  return `${functionName || '(anonymous)'}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`;
}

function kindOf({ url }: { readonly url: string }): Kind {
  if (url === '') return 'native';
  if (url.startsWith('node:')) return 'node';
  return url.includes('/node_modules/') ? 'package' : 'gateway';
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
