/** One plot: a bar per target, its length the median, a line over it from the lowest to the highest round. SVG as text. */

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const WIDTH = 720;
const LEFT = 170;
const RIGHT = 90;
const ROW = 28;
const TOP = 44;
const SCALE = WIDTH - LEFT - RIGHT;

/** @returns a document of its own */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ high }) => high), Number.MIN_VALUE);
  const x = (value: number): string => (LEFT + (Math.max(0, value) / most) * SCALE).toFixed(1);
  const rows = bars.map(({ name, value, low, high }, index) => {
    const y = TOP + index * ROW;
    const middle = y + ROW / 2;
    const own = name.startsWith('ours');
    return [
      `<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${LEFT}" y="${y + 5}" width="${(Number(x(value)) - LEFT).toFixed(1)}" height="${ROW - 10}" fill="${own ? '#0a7d5a' : '#9aa5b1'}"/>`,
      `<path d="M${x(low)} ${middle}H${x(high)}" stroke="#1f2933"/>`,
      `<text x="${Number(x(high)) + 6}" y="${middle + 4}">${figure(value)}</text>`,
    ].join('');
  });
  const height = TOP + bars.length * ROW + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui,sans-serif" font-size="13" fill="#1f2933">`,
    `<title>${escaped(title)}, ${escaped(unit)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600">${escaped(title)}, ${escaped(unit)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function figure(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
