/** The demo, for the command: the upstream that it consumes and the page that it serves. Nothing of the gateway. */
export { page, pageCsp } from './page.js';
export { type DemoUpstream, type DemoUpstreamOptions, startDemoUpstream } from './upstream.js';
