/** `node test-e2e/local/cli.ts up|down|status`: the embedded stack for people. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stackDir } from './paths.ts';
import { isFrozen } from './pidfile.ts';
import { consoleProgress, formatDuration } from './progress.ts';
import { attachStack, type Stack, startStack, stopStack } from './stack.ts';
import { brokerIds } from './state.ts';

const usage = `usage: node test-e2e/local/cli.ts up|down|status [--name <stack>] [--purge] [--light]
  up      start the stack, or what is missing of it, and leave it running
  down    end it; --purge deletes its data and logs too
  status  show each part
  --name  which stack (default: the environment's STACK, else "default")
  --light many pods of one image in one process (also LIGHT=1)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    purge: { type: 'boolean', default: false },
    light: { type: 'boolean' },
  },
});

const commands: Record<string, (dir: string) => Promise<void>> = { up, down, status };
// kafkajs computes a negative timeout on this Node, harmlessly. Traps K9.
process.removeAllListeners('warning').on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') console.error(warning.stack);
});
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.once('SIGTERM', () => interrupt.abort());

const command = commands[positionals[0] ?? ''];
if (!command || positionals.length !== 1) {
  console.error(usage);
  process.exit(2);
}
try {
  await command(stackDir(values.name));
} catch (error) {
  tell(error);
  process.exit(interrupt.signal.aborted ? 130 : 1);
}

async function up(dir: string): Promise<void> {
  const startedAt = Date.now();
  console.log(`stack in ${dir}`);
  const { light } = values;
  const stack = await startStack({
    dir,
    progress: consoleProgress(),
    signal: interrupt.signal,
    ...(light === undefined ? {} : { light }),
  });
  console.log(`ready after ${formatDuration(Date.now() - startedAt)}\n\n${howToUse(stack)}`);
}

async function down(dir: string): Promise<void> {
  const startedAt = Date.now();
  await stopStack(dir, values);
  const kept = values.purge ? 'its data are deleted' : 'its data are kept (--purge deletes them)';
  console.log(`stack in ${dir} ended after ${formatDuration(Date.now() - startedAt)}; ${kept}`);
}

async function status(dir: string): Promise<void> {
  const stack = await attachStack(dir);
  const parts = [
    ...brokerIds.map((id) => stack.kafka.broker(id)),
    stack.etcd,
    stack.apiServer,
    stack.controllerManager,
    stack.scheduler,
    stack.nodeAgent,
    stack.mongo,
  ];
  for (const part of parts) {
    const pid = part.pid();
    console.log(`${part.name.padEnd(24)} ${describe(pid).padEnd(20)} ${part.logFile}`);
  }
  if (parts.some((part) => part.pid() === undefined)) process.exitCode = 1;
}

function describe(pid: number | undefined): string {
  if (pid === undefined) return 'down';
  return isFrozen(pid) ? `frozen, pid ${pid}` : `runs, pid ${pid}`;
}

function howToUse({ dir, kubeconfig, bootstrapServers, mongoUrl }: Stack): string {
  const bin = join(dir, 'bin');
  return `Kubernetes  export KUBECONFIG=${kubeconfig}
            ${bin}/kubectl get nodes
Kafka       ${bootstrapServers.join(',')}
            ${bin}/kafka-topics --list
            ${bin}/kafka-consumer-groups --describe --all-groups
            ${bin}/kafka-console-consumer --topic <topic> --from-beginning
MongoDB     ${mongoUrl('<database>')}
Logs        ${dir}/logs
Status      npm run --silent stack -- status
End         make stack-down`;
}

function tell(error: unknown): void {
  if (interrupt.signal.aborted) {
    console.error('\ninterrupted: what runs keeps running; `up` goes on from here, `down` ends it');
    return;
  }
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && error.cause instanceof Error)
    console.error(`  because: ${error.cause.message}`);
}
