import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bootstrapServers, kafkaProgramCommand, kafkaToolCommand } from './local/kafka.ts';
import type { StackState } from './local/state.ts';

const consoleConsumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
const consoleShareConsumer = 'org.apache.kafka.tools.consumer.ConsoleShareConsumer';
const streamsApp = join(import.meta.dirname, 'local', 'kafka', 'StreamsApp.java');

/** Should a test run die, its consumers end by themselves after this long without a record. */
const orphanedAfterMs = 170_000;

/** Members of groups that run on Kafka's own client. */
export interface JavaMembers {
  /** @param properties of the consumer, such as `partition.assignment.strategy` */
  consume(
    group: string,
    topics: readonly string[],
    properties?: Readonly<Record<string, string>>,
  ): void;
  /** A member of a share group. */
  share(group: string, topic: string): void;
  /** An application of Kafka Streams with two threads, each of them a member. */
  streams(applicationId: string, topics: readonly string[], stateDir: string): void;
  /** What they have said on standard error, for the message of a test that waits for them. */
  said(): string;
  /** Ends all of them. */
  stop(): Promise<void>;
}

export function createJavaMembers(state: StackState): JavaMembers {
  const children: ChildProcess[] = [];
  let said = '';
  const start = ([command = '', ...fixed]: readonly string[], args: readonly string[]) => {
    const child = spawn(command, [...fixed, ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    children.push(child);
  };
  const console = (mainClass: string, group: string, args: readonly string[]) => {
    const timeout = ['--timeout-ms', String(orphanedAfterMs)];
    start(kafkaToolCommand(state, mainClass), ['--group', group, ...timeout, ...args]);
  };
  return {
    consume(group, topics, properties = {}) {
      const all = Object.entries({ 'enable.auto.commit': 'false', ...properties });
      const named = all.flatMap(([key, value]) => ['--consumer-property', `${key}=${value}`]);
      console(consoleConsumer, group, ['--include', topics.join('|'), ...named]);
    },
    share: (group, topic) => console(consoleShareConsumer, group, ['--topic', topic]),
    streams(applicationId, topics, stateDir) {
      const servers = bootstrapServers(state).join(',');
      const command = kafkaProgramCommand(state, streamsApp);
      start(command, [servers, applicationId, stateDir, ...topics]);
    },
    said: () => said,
    async stop() {
      await Promise.all(children.map(end));
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
