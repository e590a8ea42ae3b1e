/**
 * `sse-gateway tail URL`: follows a stream as the gateway itself would, and prints it: events on stdout, on stderr what
 * happens to the stream. It refuses to judge: a gap is told and the stream goes on.
 */
import {
  type Clock,
  httpUpstreams,
  resolveOptions,
  type SourceFactory,
  type SourceObserver,
  type SourceStatus,
  systemClock,
} from '../src/index.js';
import type { TailInvocation } from './args.js';
import { EventInlet, type StreamEvent } from './event-inlet.js';
import { gatewayNotice, jsonLine, textLines } from './event-text.js';
import { onStopSignal } from './signals.js';
import { harmless, paintFor } from './terminal.js';

const MAX_EVENT_BYTES = 8_388_608;

/** While the next attempt is waited for there is no socket: here the wait itself keeps the process alive. */
const wakefulClock: Clock = {
  ...systemClock,
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves with 0 after a signal, with 1 when the stream is refused for good. @throws GatewayError for a bad header */
export async function tail({ url, headers, json, lastEventId = '' }: TailInvocation): Promise<number> {
  const { channels } = resolveOptions({
    channels: { tail: { url, headers, maxEventBytes: MAX_EVENT_BYTES } },
  });
  const upstreams = httpUpstreams({ clock: wakefulClock, random: Math.random, connectsPerSecond: 100 });
  const inlet = new EventInlet(lastEventId, MAX_EVENT_BYTES, json ? printJson : printText);
  const code = await follow(upstreams.upstream([url], channels['tail']!).source, inlet);
  await upstreams.close();
  return code;
}

function follow(factory: SourceFactory, inlet: EventInlet): Promise<number> {
  return new Promise((resolve) => {
    const end = (code: number) => {
      source.close('shutdown');
      resolve(code);
    };
    const source = factory(
      inlet,
      observer(inlet, () => end(1)),
    );
    onStopSignal(() => end(0));
    source.open();
  });
}

function printJson(event: StreamEvent): void {
  process.stdout.write(jsonLine(event));
  const notice = gatewayNotice(event);
  if (notice !== undefined) tell(notice);
}

/** A gateway's own events are no part of the stream for whoever reads along: they are told, not printed. */
function printText(event: StreamEvent): void {
  const notice = gatewayNotice(event);
  if (notice !== undefined) {
    tell(notice);
    return;
  }
  const { id, event: type, data } = event;
  // A pipe gets the bytes as they came; what goes to a terminal is obeyed by it.
  const shown = process.stdout.isTTY
    ? { id: harmless(id), event: harmless(type), data: harmless(data) }
    : event;
  process.stdout.write(textLines(shown, paintFor(process.stdout)));
}

function observer(inlet: EventInlet, failed: () => void): SourceObserver {
  let why = '';
  return {
    stateChanged({ state, retryAt }: SourceStatus) {
      if (state === 'backoff') {
        const seconds = Math.max(0, (retryAt ?? 0) - wakefulClock.now()) / 1_000;
        tell(`${why}; connecting again in ${seconds.toFixed(1)} s`);
      } else if (state === 'failed') {
        tell(`${why}; not connecting again`);
        failed();
      }
    },
    connecting() {},
    cursorWithheld() {
      tell(`the id ${inlet.lastEventId} fits no header: connecting without it`);
    },
    connected() {
      tell(inlet.resumed ? `connected, going on behind ${inlet.lastEventId}` : 'connected');
    },
    disconnected(reason, error) {
      why = error?.message ?? reason;
    },
    received() {},
  };
}

function tell(notice: string): void {
  process.stderr.write(`${paintFor(process.stderr)('yellow', `* ${harmless(notice)}`)}\n`);
}
