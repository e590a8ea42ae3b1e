/**
 * The regular expressions that stand in the code, read from its text. It refuses to understand the language: a literal
 * begins where only an expression may begin.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const COMMENT = /^\s*(?:\*|\/\/|\/\*)/;
/** `/…/flags` behind one of `( , = : [ ! & | ? return`: no slash but in a class or behind a backslash. */
const LITERAL =
  /(?:[(,=:[!&|?]|\breturn)\s*\/((?:\[(?:\\.|[^\]\\])*\]|\\.|[^/\\[\s*])(?:\[(?:\\.|[^\]\\])*\]|\\.|[^/\\[])*)\/([dgimsuvy]*)/g;

export interface Pattern {
  readonly file: string;
  readonly pattern: RegExp;
}

/** The patterns in a text. */
export function patternsIn(text: string): RegExp[] {
  return text
    .split('\n')
    .filter((line) => !COMMENT.test(line))
    .flatMap((line) => [...line.matchAll(LITERAL)])
    .map(([, source, flags]) => new RegExp(source!, flags));
}

/** All patterns of the library, the plugin and the command. */
export function readPatterns(): Pattern[] {
  return ['src', 'plugins', 'bin'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .flatMap((file) =>
        patternsIn(readFileSync(file, 'utf8')).map((pattern) => ({ file: relative(ROOT, file), pattern })),
      ),
  );
}
