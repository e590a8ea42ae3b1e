/**
 * The demo's page: one self-contained document that shows the stream through the browser's own EventSource, next to
 * what the gateway says about itself. It refuses frameworks and every request that leaves its origin.
 *
 * It asks for `/events/demo`, `/health` and `POST /demo/cut`.
 */
import { createHash } from 'node:crypto';
import { appScript } from './page/app.js';
import { canvasScript } from './page/canvas.js';
import { clientScript } from './page/client.js';
import { markup } from './page/markup.js';
import { style } from './page/style.js';

const script = `'use strict';\n(() => {\n${clientScript}${canvasScript}${appScript}})();\n`;

const ICON = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#0a6a94"/>' +
    '<path d="M3 10h10l-2 3H5zM8 3v6H4z" fill="#fff"/></svg>',
).toString('base64');

/** The document (UTF-8). */
export const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>sse-gateway demo</title>
    <link rel="icon" href="data:image/svg+xml;base64,${ICON}">
    <style>${style}</style>
  </head>
  <body>${markup}
    <script>${script}</script>
  </body>
</html>
`;

/** Value of the page's `Content-Security-Policy` header: nothing runs but the script above (CSP Level 3, hash-source). */
export const pageCsp = [
  "default-src 'none'",
  `script-src '${sha256(script)}'`,
  `style-src '${sha256(style)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
