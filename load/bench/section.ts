/** The process that measures one section: its rows go to stdout, a line of JSON each. */
import { SECTIONS } from './sections.js';

const [name = '', rounds = '7'] = process.argv.slice(2);
SECTIONS[name]!.rows(Number(rounds), (row) => console.log(JSON.stringify(row)));
