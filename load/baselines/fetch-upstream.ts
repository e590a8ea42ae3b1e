/** Reads an event stream as most Node programs do: undici's fetch, a TextDecoder, eventsource-parser. No reconnection. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { fetch } from 'undici';

/** Runs as long as the stream does. */
export async function readWithFetch(
  url: string,
  onEvent: (event: EventSourceMessage) => void,
): Promise<void> {
  const parser = createParser({ onEvent });
  const response = await fetch(url, { headers: { accept: 'text/event-stream' } });
  const decoder = new TextDecoder();
  for await (const chunk of response.body!)
    parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
}
