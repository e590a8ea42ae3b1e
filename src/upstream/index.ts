/**
 * The door of upstream/: ways to fill a log over HTTP. From the socket inwards:
 *
 *     dispatcher ► exchange (watchdog, request) ► attempt (pacer, answer, redirect) ► http-source (backoff) ► inlet
 *
 * Nothing below here knows clients, logs or what the bytes mean.
 */
export { createDispatcher, type DispatcherOptions } from './dispatcher.js';
export { HttpSource, httpSource } from './http-source.js';
export type { HttpUpstreamContext, HttpUpstreamOptions } from './options.js';
export { Pacer } from './pacer.js';
export { redactUrl } from './url.js';
