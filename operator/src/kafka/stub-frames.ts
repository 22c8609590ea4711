import type { Socket } from 'node:net';

/** Only for tests: Kafka's frames, as a broker on loopback sees them. */

/** @param handle gets each request without its length: API key, version, correlation id, … */
export function onFrames(socket: Socket, handle: (frame: Buffer) => void): void {
  let buffered = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
      const end = 4 + buffered.readInt32BE(0);
      handle(buffered.subarray(4, end));
      buffered = buffered.subarray(end);
    }
  });
}

export function reply(socket: Socket, request: Buffer, body: Buffer): void {
  const correlationId = request.subarray(4, 8);
  socket.write(Buffer.concat([int32(4 + body.length), correlationId, body]));
}

export function int16(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) buffer.writeInt16BE(value, 2 * i);
  return buffer;
}

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}
