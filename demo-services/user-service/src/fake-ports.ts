import type { Message } from 'kafkajs';
import { type Coordinator, type CoordinatorPorts, createCoordinator } from './coordinator.ts';
import { createFakeUserStore, type FakeUserStore } from './fake-store.ts';

export interface FakeWorld {
  readonly coordinator: Coordinator;
  readonly store: FakeUserStore;
  readonly ports: CoordinatorPorts;
  /** Everything that was sent. */
  readonly sent: { readonly topic: string; readonly message: Message }[];
  /** Counted events, such as `moved approved`. */
  readonly counted: string[];
  /** Epoch milliseconds; moved by the test. */
  now: number;
}

/** For tests: a coordinator with everything around it in memory. */
export function createFakeWorld(replaced: Partial<CoordinatorPorts> = {}): FakeWorld {
  const store = createFakeUserStore();
  const counted: string[] = [];
  const count = (what: string) => ({
    inc: (labels: object) => void counted.push(`${what} ${Object.values(labels)}`),
  });
  let uuids = 0;
  const ports: CoordinatorPorts = {
    store,
    send: async (topic, message) => void world.sent.push({ topic, message }),
    faults: { at: async () => undefined },
    metrics: { moved: count('moved'), ignored: count('ignored'), resent: count('resent') },
    now: () => world.now,
    newUuid: () => {
      uuids += 1;
      return `uuid-${uuids}`;
    },
    wait: async () => undefined,
    resendAfterMs: 10_000,
    ...replaced,
  };
  const world: FakeWorld = {
    coordinator: createCoordinator(ports),
    store,
    ports,
    sent: [],
    counted,
    now: Date.parse('2026-01-01T12:00:00.123Z'),
  };
  return world;
}
