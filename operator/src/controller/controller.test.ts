import { expect, test, vi } from 'vitest';
import type { OffsetReading } from '../autoscaler/types.ts';
import { createController } from './controller.ts';
import { FakeLag, fakeWorld, scalerOf } from './fakes.ts';
import type { LagRequest } from './ports.ts';

/** Kafka clusters by their servers: one answers, of the other nobody hears anything. */
class TwoClusters extends FakeLag {
  readonly waiting = new Set<string>();
  readonly #healthy = new FakeLag();
  #giveUp = () => {};
  readonly #gaveUp = new Promise<void>((resolve) => {
    this.#giveUp = resolve;
  });
  override async read(owner: string, request: LagRequest): Promise<OffsetReading> {
    const { bootstrapServers } = request.connection;
    if (!bootstrapServers.includes('dead:9092')) return this.#healthy.read(owner, request);
    this.waiting.add(owner);
    await this.#gaveUp;
    const message = 'dead:9092: connect: TCP: no answer in time';
    return { kind: 'unavailable', reason: 'KafkaUnreachable', message };
  }
  timeOut(): void {
    this.#giveUp();
  }
}

test('500 scalers of a dead cluster delay no scaler of another one, whatever the workers', async () => {
  const { ports, add, scalers, target } = fakeWorld();
  const lag = new TwoClusters();
  const reconciled: string[] = [];
  const controller = createController(
    { ...ports, lag },
    { concurrency: 4, onReconcile: (key) => reconciled.push(key) },
  );
  for (let i = 0; i < 500; i++) {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: `dead-${i}` };
    add(scalerOf(`dead-${i}`, { scaleTargetRef, kafka: { bootstrapServers: ['dead:9092'] } }));
    target.set(`dead-${i}`, 1);
    controller.enqueue(`shop/dead-${i}`);
  }
  controller.enqueue('shop/orders');
  await vi.waitFor(() => expect(reconciled).toEqual(['shop/orders']));
  expect(lag.waiting.size).toBe(500);

  lag.timeOut();
  await vi.waitFor(() => expect(reconciled).toHaveLength(501));
  const ready = scalers.get('shop/dead-499')?.status?.conditions?.find((c) => c.type === 'Ready');
  expect(ready).toMatchObject({ status: 'False', reason: 'KafkaUnreachable' });
  await controller.stop(0);
});
