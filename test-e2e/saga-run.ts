import { expect } from 'vitest';
import { resetSaga, type SagaBackends } from './saga.ts';
import { type Balance, expectBalance } from './saga-balance.ts';
import { type Accepted, type Posts, postUsers } from './saga-posts.ts';
import { type Service, type ServiceEnv, type ServiceName, startService } from './services.ts';

const names = ['operation-service', 'user-service', 'user-approval-service'] as const;
const defaults: Partial<Record<ServiceName, ServiceEnv>> = {
  'user-approval-service': { WORK_MS: '1' },
};

export interface SagaRun {
  /** Where to POST: the operation-service that was started last. */
  url(): string;
  service(name: ServiceName): Service;
  /** Ends the present one, if it still runs, and starts another. */
  replace(name: ServiceName, env?: ServiceEnv): Promise<Service>;
  /** One more beside the present one, for the test to end. */
  add(name: ServiceName, env?: ServiceEnv): Promise<Service>;
  /** What was accepted since the start; the test adds what it posts itself. */
  readonly accepted: Accepted;
  /** Posts users and demands that all are accepted. */
  post(count: number, concurrency?: number): Promise<Posts>;
  /** Of everything since the start. */
  balance(withinMs?: number): Promise<Balance>;
  /** @throws Error unless all of them end by themselves with 0 */
  stop(): Promise<void>;
}

export interface SagaRunOptions {
  /** Of each of the four topics; 6. */
  readonly partitions?: number;
  /** For every service. */
  readonly env?: ServiceEnv;
  /** The services to start; all three. */
  readonly services?: readonly ServiceName[];
}

/** Topics new and empty, and one process of each service. */
export async function startSagaRun(
  backends: SagaBackends,
  { partitions = 6, env: common = {}, services = names }: SagaRunOptions = {},
): Promise<SagaRun> {
  await resetSaga(backends, partitions);
  const running = new Map<ServiceName, Service>();
  const accepted: Accepted = new Map();
  const start = (name: ServiceName, env: ServiceEnv = {}) =>
    startService(name, backends, { ...defaults[name], ...common, ...env });
  const service = (name: ServiceName): Service => {
    const found = running.get(name);
    if (!found) throw new Error(`${name} was not started`);
    return found;
  };
  const put = async (name: ServiceName, env?: ServiceEnv) => {
    const started = await start(name, env);
    running.set(name, started);
    return started;
  };
  await Promise.all(services.map((name) => put(name)));
  return {
    url: () => service('operation-service').url,
    service,
    async replace(name, env) {
      await service(name).stop();
      return put(name, env);
    },
    add: start,
    accepted,
    async post(count, concurrency) {
      const posts = await postUsers(service('operation-service').url, count, concurrency);
      for (const [uuid, name] of posts.accepted) accepted.set(uuid, name);
      expect(Object.fromEntries(posts.statuses)).toEqual(count === 0 ? {} : { 202: count });
      return posts;
    },
    balance: (withinMs) => expectBalance(backends, accepted, withinMs ? { withinMs } : {}),
    async stop() {
      const codes = await Promise.all([...running.values()].map((one) => one.stop()));
      expect(codes).toEqual(codes.map(() => 0));
    },
  };
}
