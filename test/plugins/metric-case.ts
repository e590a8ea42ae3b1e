/**
 * What a case of the tests of metrics is, and what several of them share. It refuses to scrape.
 */
import type { SseGatewayOptions } from '../../plugins/options.js';
import type { ChannelOptions } from '../../src/options.js';
import type { SseClient } from '../helpers/sse-client.js';
import type { Served } from './serve.js';

/** By how much, or whether so much is right. */
export type By = number | ((by: number) => boolean);

export interface Case {
  /** Options of the channel `prices` beside its URL, or with it. */
  readonly options?: ChannelOptions | ((origin: string) => ChannelOptions);
  /** Options of the gateway. */
  readonly gateway?: Partial<SseGatewayOptions>;
  /** What is done before the first scrape; its clients are handed to the cause. */
  readonly before?: (gateway: Served) => Promise<SseClient[]>;
  /** What moves the series: all that moves and by how much. */
  readonly cause: (gateway: Served, clients: SseClient[]) => Promise<Record<string, By>>;
}

export const live = async (gateway: Served) => [await gateway.live()];

export const positive = (by: number) => by > 0;
export const frame = 'id: a\ndata: x\n\n';
