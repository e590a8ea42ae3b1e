/** The other end of a `Child`: a process that answers the runner's questions, and is over when the runner is. */
import { beginProfile, endProfile } from './profiling.js';

type Handlers = Readonly<Record<string, (params: never) => unknown>>;

/** What every server under test is started with. */
export interface ServerArguments {
  /** The stream to relay. */
  readonly upstream: string;
}

/** The arguments that the runner started this process with. */
export function startArguments<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** Answers by name until the runner goes away. */
export function answering(handlers: Handlers): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    const { id, method, params } = message as { id: number; method: string; params: never };
    Promise.resolve()
      .then(() => {
        const handler = handlers[method];
        if (handler === undefined) throw new Error(`no such question: ${method}`);
        return handler(params);
      })
      .then(
        (result) => process.send?.({ id, result: result ?? null }),
        (error: unknown) =>
          process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
      );
  });
}

/** A server under test: says where it listens, and in which processes its work is done (default: this one). */
export function serving(port: number, path: string, pids: readonly number[] = [process.pid]): void {
  answering({ where: () => ({ port, path, pids }) satisfies Served, beginProfile, endProfile });
}

export interface Served {
  readonly port: number;
  readonly path: string;
  readonly pids: readonly number[];
}
