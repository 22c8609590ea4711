import { createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';

const opReply = 1;
const opQuery = 2004;
const opMessage = 2013;

/** Says yes to every command. It speaks just enough of MongoDB's wire protocol for the driver. */
export class FakeMongoServer {
  /** The names of all commands that came. */
  readonly commands: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        socket.write(this.#answer(received.subarray(0, length)));
        received = received.subarray(length);
      }
    });
  });

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: Buffer): Buffer {
    const id = request.readInt32LE(4);
    const isQuery = request.readInt32LE(12) === opQuery;
    // OP_QUERY: flags, the collection's name and its NUL, skip, limit; OP_MSG: flags, kind.
    const start = isQuery ? request.indexOf(0, 20) + 9 : 21;
    const document = request.subarray(start, start + request.readInt32LE(start));
    this.commands.push(Object.keys(BSON.deserialize(document))[0] ?? '');
    const body = BSON.serialize({
      ok: 1,
      n: 1,
      ismaster: true,
      isWritablePrimary: true,
      helloOk: true,
      minWireVersion: 0,
      maxWireVersion: 8,
      maxBsonObjectSize: 16_777_216,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
    });
    const prefix = Buffer.alloc(isQuery ? 20 : 5);
    if (isQuery) prefix.writeInt32LE(1, 16);
    const header = Buffer.alloc(16);
    header.writeInt32LE(16 + prefix.length + body.length, 0);
    header.writeInt32LE(id, 8);
    header.writeInt32LE(isQuery ? opReply : opMessage, 12);
    return Buffer.concat([header, prefix, body]);
  }
}
