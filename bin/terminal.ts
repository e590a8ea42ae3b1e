/** Text for a terminal: colours where they are wanted, and nothing foreign that a terminal would obey. Pure. */
import { inspect } from 'node:util';

export type Style = 'bold' | 'dim' | 'cyan' | 'yellow' | 'red';
export type Paint = (style: Style, text: string) => string;

/**
 * Paints for a stream that shows colours, and otherwise leaves texts alone: a pipe has no `hasColors`, and a terminal's
 * heeds NO_COLOR and FORCE_COLOR.
 */
export function paintFor(stream: { hasColors?(): boolean }): Paint {
  if (stream.hasColors?.() !== true) return (_style, text) => text;
  return (style, text) => {
    const [on, off] = inspect.colors[style]!;
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

/** Control characters but TAB and LF, C1 included: the ones that move cursors, ring bells and retitle windows. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Shows control characters as `\xNN`, so that a stream can't write to the terminal but in plain text. */
export function harmless(text: string): string {
  return text.replace(CONTROLS, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
