import type { Handler } from '@lagscaler/demo-shared/guarded-work.ts';
import { createLog } from '@lagscaler/demo-shared/log.ts';
import { createFakeStore } from '@lagscaler/operation-service/fake-store.ts';
import { type Ending, newOperation } from '@lagscaler/operation-service/operation.ts';
import { endOperation } from '@lagscaler/operation-service/responses.ts';
import type { Unsent as UnsentOperation } from '@lagscaler/operation-service/store.ts';
import { approving } from '@lagscaler/user-approval-service/approve.ts';
import { decide } from '@lagscaler/user-approval-service/rules.ts';
import { createCoordinator } from '@lagscaler/user-service/coordinator.ts';
import { createFakeUserStore } from '@lagscaler/user-service/fake-store.ts';
import type { DecidedUser } from '@lagscaler/user-service/store.ts';
import { sweep } from '@lagscaler/user-service/sweep.ts';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

/** The process died here: whatever it was doing goes no further. */
class Crash extends Error {}

/** Dies at its n-th effect, 0 being the first: before it, or after it but before its answer. */
export interface CrashPlan {
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** A message as it lies in the log: it can be delivered again at any time. */
export interface Logged {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  committed: boolean;
}

export interface SagaModel {
  readonly log: Logged[];
  readonly operations: ReturnType<typeof createFakeStore>;
  readonly users: ReturnType<typeof createFakeUserStore>['users'];
  /** How often an operation ended, and how often a user was decided, by operation uuid. */
  readonly endings: Map<string, number>;
  readonly decisions: Map<string, number>;
  post(name: string, crash?: CrashPlan): Promise<void>;
  /** Sends what operation-service has stored and not sent yet. */
  publish(crash?: CrashPlan): Promise<void>;
  /** A pod of the service that reads its topic handles the message, and commits unless it dies. */
  deliver(message: Logged, crash?: CrashPlan): Promise<void>;
  sweep(crash?: CrashPlan): Promise<void>;
  advance(ms: number): void;
  /** No more crashes: everything that is due happens, until nothing is left to do. */
  settle(): Promise<void>;
}

export const approval = { rule: 'denylist', denylist: new Set(['mallory']), ratio: 1 } as const;
/** What the rule says about a name. */
export const ruleSays = (name: string) => decide({ name, uuid: '-' }, approval);

const ignoreRetry = () => undefined;
const noFaults = { at: async () => undefined };
const resendAfterMs = 10_000;
const leaseMs = 5_000;

/**
 * The three services over one log in memory: their own handlers, with stores in memory. Each process
 * may die at any of its effects, and only what it has stored or sent remains.
 * @param turn awaited before each effect, so that a scheduler can interleave processes
 * @param timeoutMs of a user; 0: none
 */
export function createSagaModel(turn: () => Promise<unknown>, timeoutMs: number): SagaModel {
  const operations = createFakeStore();
  const userStore = createFakeUserStore();
  const log: Logged[] = [];
  const endings = new Map<string, number>();
  const decisions = new Map<string, number>();
  let now = 1_000_000;
  let uuids = 0;

  const append = async (topic: string, { key, value }: Message): Promise<void> => {
    log.push({ topic, key: String(key), value: String(value), committed: false });
  };

  const counting = {
    users: {
      ...userStore,
      decide: async (user: DecidedUser) => {
        const decided = await userStore.decide(user, ignoreRetry);
        if (decided) count(decisions, user.operationUuid);
        return decided;
      },
    },
    operations: {
      ...operations,
      finish: async (ending: Ending) => {
        const finished = await operations.finish(ending);
        if (finished.kind === 'ended') count(endings, ending.uuid);
        return finished;
      },
    },
  };

  /** One process, alive from here to the end of one task. */
  const spawn = (crash: CrashPlan | undefined) => {
    let effects = 0;
    let dead = false;
    const effect = async <T>(act: () => Promise<T>): Promise<T> => {
      await turn();
      const dies = crash?.at === effects ? crash.when : undefined;
      effects += 1;
      dead ||= dies === 'before';
      if (dead) throw new Crash();
      const result = await act();
      dead ||= dies === 'after';
      if (dead) throw new Crash();
      return result;
    };
    /** The same port, whose every call is an effect of this process. */
    const mortal = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
          return (...args: unknown[]) => effect(() => method(...args));
        },
      });
    const send = (topic: string, message: Message) => effect(() => append(topic, message));
    const store = mortal(counting.users);
    const coordinator = createCoordinator({
      store,
      send,
      faults: noFaults,
      metrics: { moved: uncounted, ignored: uncounted, resent: uncounted },
      now: () => now,
      newUuid: () => {
        uuids += 1;
        return `uuid-${uuids}`;
      },
      wait: async () => undefined,
      resendAfterMs,
    });
    return { send, store, coordinator, operations: mortal(counting.operations) };
  };
  type Process = ReturnType<typeof spawn>;

  const sendStored = async (process: Process, { operation, headers }: UnsentOperation) => {
    const { uuid } = operation;
    const value = JSON.stringify(operation);
    await process.send('user-create', { key: uuid, value, headers: { ...headers } });
    await process.operations.clear([uuid]);
  };

  const handlerOf: Readonly<Record<string, (process: Process) => Handler>> = {
    'user-create': ({ coordinator }) => coordinator.userCreate,
    'user-approve': ({ send }) =>
      approving(approval, {
        work: { run: async () => undefined },
        producer: {
          async send({ topic, messages }) {
            for (const message of messages) await send(topic, message);
          },
        },
        faults: noFaults,
      }),
    'user-approve-response': ({ coordinator }) => coordinator.approveResponse,
    'user-create-response': (process) =>
      endOperation({
        store: process.operations,
        faults: noFaults,
        log: createLog('silent', {}),
        signal,
        onEnded: () => undefined,
        onIgnored: () => undefined,
        lookPauseMs: 0,
      }),
  };

  const surviving = (work: Promise<unknown>) =>
    work.then(
      () => true,
      (error: unknown) => {
        if (error instanceof Crash) return false;
        throw error;
      },
    );

  const model: SagaModel = {
    log,
    operations,
    users: userStore.users,
    endings,
    decisions,
    async post(name, crash) {
      const process = spawn(crash);
      uuids += 1;
      const operation = newOperation(`operation-${uuids}`, 'user-create', { name });
      const posting = async () => {
        await process.operations.insert(operation, {}, leaseMs);
        await sendStored(process, { operation, headers: {} });
      };
      await surviving(posting());
    },
    async publish(crash) {
      const process = spawn(crash);
      const publishing = async () => {
        for (const { operation, headers } of await process.operations.claim(10, leaseMs)) {
          const value = JSON.stringify(operation);
          await process.send('user-create', {
            key: operation.uuid,
            value,
            headers: { ...headers },
          });
          await process.operations.clear([operation.uuid]);
        }
      };
      await surviving(publishing());
    },
    async deliver(logged, crash) {
      const handler = handlerOf[logged.topic]?.(spawn(crash));
      const handling = async () => {
        const answer = await handler?.(asIncoming(logged), ignoreRetry);
        await answer?.(ignoreRetry);
      };
      logged.committed = (await surviving(handling())) || logged.committed;
    },
    async sweep(crash) {
      const { store, coordinator } = spawn(crash);
      const options = { store, coordinator, resendAfterMs, timeoutMs, signal, log: silent };
      await surviving(sweep(options, now));
    },
    advance(ms) {
      now += ms;
      operations.now += ms;
    },
    async settle() {
      let seen = -1;
      while (seen !== log.length || log.some(({ committed }) => !committed)) {
        seen = log.length;
        for (const message of log.filter(({ committed }) => !committed))
          await model.deliver(message);
        model.advance(resendAfterMs + 1);
        await model.publish();
        await model.sweep();
      }
    },
  };
  return model;
}

const { signal } = new AbortController();
const uncounted = { inc: () => undefined };
const silent = { error: () => undefined };

function count(counts: Map<string, number>, uuid: string): void {
  counts.set(uuid, (counts.get(uuid) ?? 0) + 1);
}

function asIncoming({ topic, value }: Logged) {
  const message: KafkaMessage = {
    key: null,
    value: Buffer.from(value),
    headers: {},
    timestamp: '0',
    attributes: 0,
    offset: '0',
  };
  const headers: IHeaders = {};
  return { topic, partition: 0, message, headers };
}
