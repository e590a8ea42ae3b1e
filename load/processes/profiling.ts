/** The CPU profile of a server under test, taken from within by Node's own inspector. */
import { type Profiler, Session } from 'node:inspector';

const INTERVAL_MICROS = 200;

let session: Session | undefined;

function post<T>(method: string, params?: object): Promise<T> {
  return new Promise((resolve, reject) => {
    session!.post(method, params, (error, result) => (error ? reject(error) : resolve(result as T)));
  });
}

export async function beginProfile(): Promise<void> {
  session = new Session();
  session.connect();
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS });
  await post('Profiler.start');
}

export async function endProfile(): Promise<Profiler.Profile> {
  const { profile } = await post<Profiler.StopReturnType>('Profiler.stop');
  session?.disconnect();
  return profile;
}
