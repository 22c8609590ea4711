import { afterAll, afterEach } from 'vitest';
import type { Backends, Service, ServiceEnv, ServiceName } from './service-process.ts';
import * as processes from './service-process.ts';
import { until } from './until.ts';

export { type Service, type ServiceEnv, type ServiceName, untilReady } from './service-process.ts';

/** The demo services for specs: what a spec file starts ends with it, passed or failed. */
const started: Service[] = [];

afterEach(({ task }) => {
  if (task.result?.state === 'fail') for (const service of started) printLog(service);
});

afterAll(async () => {
  await Promise.all(started.splice(0).map((service) => service.kill('SIGKILL')));
});

/** As `startService` of service-process.ts. */
export async function startService(
  name: ServiceName,
  backends: Backends,
  env: ServiceEnv = {},
): Promise<Service> {
  const service = await launchService(name, backends, env);
  await processes.untilReady(service);
  return service;
}

/** As `launchService` of service-process.ts. */
export async function launchService(
  name: ServiceName,
  backends: Backends,
  env: ServiceEnv = {},
): Promise<Service> {
  const service = await processes.launchService(name, backends, env, (one) => started.push(one));
  return service;
}

/** Waits until a counter of the service has this value, all its labels together. */
export async function untilCounted(service: Service, metric: string, count: number): Promise<void> {
  let seen: number | undefined;
  await until(
    `${metric} is ${count}`,
    async () => {
      seen = (await service.metrics()).sum(metric);
      return seen === count;
    },
    { withinMs: 60_000, seen: () => seen },
  );
}

function printLog({ name, log }: Service): void {
  console.log(
    `── the end of the log of ${name}\n${log
      .slice(-20)
      .map((line) => line.slice(0, 500))
      .join('\n')}`,
  );
}
