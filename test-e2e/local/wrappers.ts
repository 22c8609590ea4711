import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfigPaths } from './control-plane-config.ts';
import { kafkaToolCommand } from './kafka.ts';
import type { StackState } from './state.ts';

const tools = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
} as const;

/** Writes `bin/` into the stack's directory: kubectl and Kafka's tools, bound to this stack. */
export function writeWrappers(state: StackState): void {
  const bin = join(state.dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const { admin } = kubeconfigPaths(state.dir);
  writeScript(join(bin, 'kubectl'), ['env', `KUBECONFIG=${admin}`, state.binaries.kubectl]);
  for (const [name, mainClass] of Object.entries(tools))
    writeScript(join(bin, name), kafkaToolCommand(state, mainClass));
}

function writeScript(path: string, command: readonly string[]): void {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
}
