import { writeFileSync } from 'node:fs';
import type { TickEvents } from './tick-meter.ts';
import type { News, Orders, Value } from './worker-protocol.ts';

/** A client at work, one tick after the other. */
interface Client {
  /** Ends the ticks and reads everything once more. */
  values(): Promise<readonly Value[]>;
  close(): Promise<void>;
}

/**
 * The frame of a measured process: tells its parent of each tick, then writes what it reads and ends.
 * @param start begins the ticks
 */
export async function runWorker(
  start: (orders: Orders, events: TickEvents) => Promise<Client>,
): Promise<void> {
  const orders = JSON.parse(process.argv[2] ?? '') as Orders;
  const { promise: measured, resolve } = Promise.withResolvers<void>();
  const tell = (news: News) => process.send?.(news);
  let told = 0;
  const client = await start(orders, {
    read: () => tell({ kind: 'read' }),
    tick(tick) {
      tell({ kind: 'tick', ...tick });
      if (++told === orders.ticks) resolve();
    },
  });
  process.once('disconnect', () => process.exit(1)); // nobody is there to hear of it
  await measured;
  const lines = (await client.values()).map((value) => `${JSON.stringify(value)}\n`);
  writeFileSync(orders.valuesFile, lines.join(''));
  await client.close();
  process.exit(0); // whatever timers a client leaves behind
}
