import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Advertise,
  advertiseIn,
  framed,
  frameReader,
  type RequestHeader,
  requestHeader,
} from './wire.ts';

/** What goes wrong between the clients and one broker; connections stay open unless it says so. */
export type Fault =
  | { readonly kind: 'none' }
  /** Nobody listens, and connections are reset. */
  | { readonly kind: 'refuse' }
  /** Connections are accepted and nothing passes in either direction; what waits passes when it is over. */
  | { readonly kind: 'silent' }
  /** Each answer comes so much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answers trickle. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** The connection is reset in the middle of an answer. */
  | { readonly kind: 'cut' }
  /** Instead of an answer the connection is closed in that direction; requests are still taken. */
  | { readonly kind: 'halfClose' };

interface Rules {
  readonly advertise: Advertise;
  readonly fault: () => Fault;
  readonly changed: () => Promise<void>;
}

/** A client's connection and the one to the broker behind it. */
export class Pair {
  readonly #client: Socket;
  readonly #rules: Rules;
  readonly #asked = new Map<number, RequestHeader>();
  /** What is on its way, in order. */
  #toBroker: Promise<void> = Promise.resolve();
  #toClient: Promise<void> = Promise.resolve();

  constructor(client: Socket, broker: Socket, rules: Rules) {
    this.#client = client;
    this.#rules = rules;
    const requests = frameReader();
    const answers = frameReader();
    for (const socket of [client, broker]) socket.on('error', () => socket.destroy());
    client.on('data', (chunk: Buffer) => {
      for (const frame of requests(chunk)) {
        const header = requestHeader(frame);
        this.#asked.set(header.correlationId, header);
        this.#toBroker = this.#toBroker.then(async () => {
          await this.#untilHeard();
          broker.write(framed(frame));
        });
      }
    });
    broker.on('data', (chunk: Buffer) => {
      for (const frame of answers(chunk)) {
        this.#toClient = this.#toClient.then(() => this.#answer(frame));
      }
    });
    client.on('end', () => broker.end());
    client.on('close', () => broker.destroy());
    broker.on('close', () => void this.#toClient.then(() => client.end()));
  }

  reset(): void {
    this.#client.resetAndDestroy();
  }

  async #untilHeard(): Promise<void> {
    while (this.#rules.fault().kind === 'silent' && !this.#client.destroyed) {
      await this.#rules.changed();
    }
  }

  async #answer(frame: Buffer): Promise<void> {
    await this.#untilHeard();
    const request = this.#asked.get(frame.readInt32BE(0));
    this.#asked.delete(frame.readInt32BE(0));
    const bytes = framed(request ? advertiseIn(frame, request, this.#rules.advertise) : frame);
    const fault = this.#rules.fault();
    switch (fault.kind) {
      case 'delay':
        await sleep(fault.ms);
        break;
      case 'throttle':
        return await this.#trickle(bytes, fault.bytesPerSecond);
      case 'cut':
        this.#client.write(bytes.subarray(0, bytes.length / 2), () => this.reset());
        return;
      case 'halfClose':
        this.#client.end();
        return;
      case 'none':
      case 'refuse':
      case 'silent':
        break;
    }
    this.#client.write(bytes);
  }

  async #trickle(bytes: Buffer, bytesPerSecond: number): Promise<void> {
    const perTurn = Math.max(1, Math.floor(bytesPerSecond / 20));
    let at = 0;
    for (; at < bytes.length && this.#rules.fault().kind === 'throttle'; at += perTurn) {
      this.#client.write(bytes.subarray(at, at + perTurn));
      await sleep(50);
    }
    this.#client.write(bytes.subarray(at));
  }
}
