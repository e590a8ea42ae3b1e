/** Generated parts of Markdown files: what stands between `<!-- load:name -->` and `<!-- /load:name -->`, and nothing else. */

/** The text with each block that it has replaced; blocks that it hasn't are left out. @throws Error for one without an end */
export function fillBlocks(text: string, blocks: Readonly<Record<string, string>>): string {
  let filled = text;
  for (const [name, content] of Object.entries(blocks)) {
    const begin = `<!-- load:${name} -->`;
    const end = `<!-- /load:${name} -->`;
    const from = filled.indexOf(begin);
    if (from < 0) continue;
    const to = filled.indexOf(end, from);
    if (to < 0) throw new Error(`${begin} has no end`);
    filled = `${filled.slice(0, from + begin.length)}\n\n${content}\n\n${filled.slice(to)}`;
  }
  return filled;
}
