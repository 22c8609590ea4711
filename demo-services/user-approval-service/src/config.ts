import { type Env, EnvReader } from '@lagscaler/demo-shared/env-reader.ts';
import { type FaultPoints, readFaults } from '@lagscaler/demo-shared/fault.ts';
import { type KafkaConnection, readKafkaConnection } from '@lagscaler/demo-shared/kafka-config.ts';
import { readServiceConfig, type ServiceConfig } from '@lagscaler/demo-shared/service-config.ts';
import { decisionProduced } from './approve.ts';

export const approvalRules = ['approve', 'reject', 'denylist', 'ratio'] as const;

export interface ApprovalConfig {
  readonly rule: (typeof approvalRules)[number];
  /** Names in lower case. */
  readonly denylist: ReadonlySet<string>;
  /** The share of users to approve, 0 to 1. */
  readonly ratio: number;
}

export interface WorkConfig {
  readonly mode: 'sleep' | 'cpu';
  readonly workMs: number;
  /** Uniformly 0 to this much is added to each message. */
  readonly jitterMs: number;
}

export interface Config {
  readonly service: ServiceConfig;
  readonly kafka: KafkaConnection;
  readonly faults: FaultPoints;
  readonly approval: ApprovalConfig;
  readonly work: WorkConfig;
}

const workRange = { min: 0, max: 3_600_000 };

/** @throws ConfigError naming every missing or invalid variable */
export function loadConfig(env: Env): Config {
  const reader = new EnvReader(env);
  const denylist = reader.list('APPROVAL_DENYLIST', 'mallory');
  const config: Config = {
    service: readServiceConfig(reader),
    kafka: readKafkaConnection(reader),
    faults: readFaults(reader, [decisionProduced]),
    approval: {
      rule: reader.oneOf('APPROVAL_RULE', 'denylist', approvalRules),
      denylist: new Set(denylist.map((name) => name.toLowerCase())),
      ratio: reader.number('APPROVAL_RATIO', 0.9, { min: 0, max: 1 }),
    },
    work: {
      mode: reader.oneOf('WORK_MODE', 'sleep', ['sleep', 'cpu']),
      workMs: reader.integer('WORK_MS', 200, workRange),
      jitterMs: reader.integer('WORK_JITTER_MS', 0, workRange),
    },
  };
  reader.check();
  return config;
}
