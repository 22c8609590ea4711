/** As much of Kafka's wire format as it takes to change the addresses in an answer. */

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a client is to be sent for a broker. */
export type Advertise = (nodeId: number, real: BrokerAddress) => BrokerAddress;

const apiKeys = { metadata: 3, findCoordinator: 10 } as const;

/** The key and version of a request, and the number by which its answer is known. */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
}

/** @param frame a request without its length */
export const requestHeader = (frame: Buffer): RequestHeader => ({
  apiKey: frame.readInt16BE(0),
  apiVersion: frame.readInt16BE(2),
  correlationId: frame.readInt32BE(4),
});

/**
 * Splits a stream into frames, which follow their length in 4 bytes.
 * @returns a function that takes the next chunk and gives the frames that are complete with it
 */
export function frameReader(): (chunk: Buffer) => Buffer[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Buffer[] = [];
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      frames.push(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
    return frames;
  };
}

/** A frame with its length before it. */
export function framed(frame: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}

/**
 * An answer in which every broker has the address that `advertise` gives it. Of Metadata from version 9
 * on and FindCoordinator from version 4 on; other answers hold no address, or are left as they are.
 * @param frame an answer without its length
 */
export function advertiseIn(frame: Buffer, request: RequestHeader, advertise: Advertise): Buffer {
  if (request.apiKey === apiKeys.metadata && request.apiVersion >= 9) {
    return rewrite(frame, advertise, { beforeNode: () => {}, afterPort: skipRack });
  }
  if (request.apiKey === apiKeys.findCoordinator && request.apiVersion >= 4) {
    return rewrite(frame, advertise, { beforeNode: skipKey, afterPort: skipError });
  }
  return frame;
}

interface Entry {
  /** Passes over what stands before the node id. */
  readonly beforeNode: (copy: Copy) => void;
  /** Passes over what stands between port and tags. */
  readonly afterPort: (copy: Copy) => void;
}
const skipKey = (copy: Copy) => copy.text();
const skipRack = (copy: Copy) => copy.text();
const skipError = (copy: Copy) => {
  copy.bytes(2);
  copy.text();
};

/** Both answers begin alike: header, throttle time, then a list of entries with node id, host and port. */
function rewrite(frame: Buffer, advertise: Advertise, { beforeNode, afterPort }: Entry): Buffer {
  const copy = new Copy(frame);
  copy.bytes(4); // correlation id
  copy.tags();
  copy.bytes(4); // throttle time
  const count = copy.varint() - 1;
  for (let i = 0; i < count; i += 1) {
    beforeNode(copy);
    const nodeId = copy.bytes(4).readInt32BE();
    copy.address((real) => (nodeId < 0 ? real : advertise(nodeId, real)));
    afterPort(copy);
    copy.tags();
  }
  return copy.end();
}

/** Reads a frame and writes what it has read, unless told otherwise. */
class Copy {
  readonly #from: Buffer;
  readonly #written: Buffer[] = [];
  #at = 0;

  constructor(from: Buffer) {
    this.#from = from;
  }

  bytes(count: number): Buffer {
    const bytes = this.#take(count);
    this.#written.push(bytes);
    return bytes;
  }

  varint(): number {
    const start = this.#at;
    const value = this.#takeVarint();
    this.#written.push(this.#from.subarray(start, this.#at));
    return value;
  }

  /** A compact string, also a missing one. */
  text(): void {
    this.bytes(Math.max(this.varint() - 1, 0));
  }

  tags(): void {
    for (let left = this.varint(); left > 0; left -= 1) {
      this.varint();
      this.bytes(this.varint());
    }
  }

  address(change: (real: BrokerAddress) => BrokerAddress): void {
    const host = this.#take(this.#takeVarint() - 1).toString();
    const { host: newHost, port } = change({ host, port: this.#take(4).readInt32BE() });
    const name = Buffer.from(newHost);
    if (name.length > 126) throw new Error(`${newHost} takes more than one byte of length`);
    const number = Buffer.alloc(4);
    number.writeInt32BE(port);
    this.#written.push(Buffer.of(name.length + 1), name, number);
  }

  end(): Buffer {
    return Buffer.concat([...this.#written, this.#from.subarray(this.#at)]);
  }

  #take(count: number): Buffer {
    const bytes = this.#from.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  #takeVarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#take(1).readUInt8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
}
