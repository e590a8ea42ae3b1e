/** Slow twins of look-up and reading: the same answers from the frames of the log alone, without index or slices. */

import { parseMinted } from '../../src/ids.js';
import { Cursor } from '../../src/log/cursor.js';
import type { EventLog } from '../../src/log/event-log.js';
import { locate } from '../../src/resume.js';

/** The newest retained event whose frame begins with that id. */
export function slowIndexOf(log: EventLog, id: string): number {
  const line = Buffer.from(`id: ${id}\n`);
  for (let seq = log.tipSeq - 1; seq >= log.floorSeq; seq -= 1) {
    if (log.frameOf(seq)!.subarray(0, line.length).equals(line)) return seq;
  }
  return -1;
}

/** Look-up agrees with what stands on the wire: behind an event's id comes the event after it. */
export function checkLookUp(log: EventLog, id: string): void {
  if (id === '') return;
  const found = locate(log, Buffer.from(id));
  const seq = slowIndexOf(log, id);
  // Minted ids of another epoch are no names of this log's events, whatever their frames are.
  const foreign = parseMinted(Buffer.from(id));
  if (seq >= 0 && (found.outcome !== 'exact' || found.seq !== seq + 1)) {
    throw new Error(`${id} is at ${seq}, and a client behind it goes on at ${found.seq} (${found.outcome})`);
  }
  if (seq < 0 && found.outcome === 'exact' && foreign === undefined) {
    throw new Error(`${id} is not in the log, and a client behind it goes on at ${found.seq}`);
  }
}

/** A cursor from the floor reads exactly the retained frames, in order. */
export function checkReading(log: EventLog, sliceBytes: number): void {
  const frames: Buffer[] = [];
  for (let seq = log.floorSeq; seq < log.tipSeq; seq += 1) frames.push(log.frameOf(seq)!);
  const read: Buffer[] = [];
  const cursor = new Cursor(log, log.floor);
  for (let slice = cursor.read(sliceBytes); slice !== undefined; slice = cursor.read(sliceBytes)) {
    read.push(Buffer.from(slice.bytes));
    slice.unpin();
  }
  if (!Buffer.concat(frames).equals(Buffer.concat(read)))
    throw new Error('a cursor read something else than the log holds');
}
