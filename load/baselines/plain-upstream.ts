/** The least that reads the scripted upstream: whole events as they arrive, no parsing, no reconnection. */
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';

/** Calls with one or more whole events per read. */
export function readUpstream(url: string, onEvents: (events: Buffer) => void): void {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let rest: Buffer = Buffer.alloc(0);
  let head = true;
  socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
  socket.on('data', (read: Buffer) => {
    let bytes = rest.length === 0 ? read : Buffer.concat([rest, read]);
    if (head) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end >= 0) {
        bytes = bytes.subarray(end + 4);
        head = false;
      }
    }
    const whole = head ? 0 : bytes.lastIndexOf('\n\n') + 2;
    rest = whole > 1 ? bytes.subarray(whole) : bytes;
    if (whole > 1) onEvents(bytes.subarray(0, whole));
  });
}
