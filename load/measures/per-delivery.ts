/** CPU of the server per delivered event, at a rate it can hold: the events of the window are counted, not the time. */
import type { Offer } from '../processes/upstream.js';
import { userMicros } from '../processes/usage.js';
import { Stage } from '../stage.js';
import type { Figures } from './measure.js';

export interface PerDelivery extends Offer {
  readonly clients: number;
  readonly writes: number;
  /** Writes before the window, at the same size and a higher rate. */
  readonly warmUp?: number;
}

const WARM_UP_RATE = 50;
/**
 * A client that waits in the kernel is woken by the very write that is measured, which is a third of its cost and none of
 * the server's doing. One that looks once per millisecond isn't.
 */
const NAP_MS = 1;

export function perDelivery(options: PerDelivery): (target: string) => Promise<Figures> {
  const { clients, warmUp = 60, ...offer } = options;
  return (target) =>
    Stage.with(target, async (stage) => {
      await stage.enter(clients);
      await stage.client.ask('nap', { ms: NAP_MS });
      await stage.deliver({ ...offer, rate: Math.min(WARM_UP_RATE, 4 * offer.rate), writes: warmUp });
      await stage.client.ask('begin');
      const before = stage.cpu();
      const userBefore = userMicros(stage.pids);
      const { seconds } = await stage.deliver(offer);
      const used = stage.cpu() - before;
      const user = userMicros(stage.pids) - userBefore;
      const { delivered, busy, latency } = await stage.checked();
      return {
        cpuMicros: used / delivered,
        userMicros: user / delivered,
        delivered,
        serverBusy: used / 1e6 / seconds,
        clientBusy: busy,
        p50: latency.p50,
        p99: latency.p99,
      };
    });
}
