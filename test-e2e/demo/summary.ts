import { relative } from 'node:path';
import type { Cluster } from '../cluster.ts';
import type { Percentiles, Report } from './recording.ts';

export function summaryOf(report: Report, out: string): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const folder = relative(process.cwd(), out) || '.';
  const { balance, sagaMs, firstScaleOut } = report;
  const saga = (when: string, times: Percentiles | undefined) =>
    `  ${when.padEnd(22)} ${times ? `p50 ${seconds(times.p50)}, p95 ${seconds(times.p95)}, p99 ${seconds(times.p99)} (${times.count})` : 'none'}`;
  return `
What happened
  falling behind         ${report.fallingBehind.eventsPerSecond} events/s, lag ${report.fallingBehind.lag} at the end, ${report.peakLag} at most
  first scale-out        ${firstScaleOut.from} → ${firstScaleOut.to}, one patch, ${seconds(report.reactionMs)} after it was due
  drained                ${report.drainSeconds < 0 ? 'not within the demo' : `${report.drainSeconds} s after that`}
  approvals/s            ${report.approvalsPerSecondWhileDraining} on average while draining, with ${report.mostReadyReplicas} replicas at most, each a member of the group
  scale-outs, rebalances ${report.scaleOutPatches}, ${report.rebalances}

From POST to terminal, by when the request was due
${saga('before scaling', sagaMs.before)}
${saga('while catching up', sagaMs.during)}
${saga('afterwards', sagaMs.after)}

The balance
  requests               ${report.posts.sent}, ${report.posts.accepted} answered with 202
  operations             ${balance.created} created, ${balance.terminal} terminal: ${balance.approved} approved, ${balance.rejected} rejected
  users                  one for each operation
  lost                   ${report.lost}
  records doubled        ${Object.entries(balance.duplicates)
    .map(([topic, count]) => `${topic} ${count}`)
    .join(', ')}

  ${folder}/report.json   the numbers
  ${folder}/chart.svg     events, lag, pods and nodes over time
`;
}

interface Place {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** operation-service as seen from here. */
  readonly url: string;
}

/** @param uuid of an operation that exists */
export function lookAround({ cluster, namespace, url }: Place, uuid: string): string {
  const kubectl = cluster.stack ? `${cluster.stack.dir}/bin/kubectl` : 'kubectl';
  const { hostname, port } = new URL(url);
  const address = `\${OPERATION_HOST:-localhost}:\${OPERATION_PORT:-80}`;
  const kafka = cluster.stack
    ? `  ${cluster.stack.dir}/bin/kafka-consumer-groups --describe --group user-approval-service
  ${cluster.stack.dir}/bin/kafka-console-consumer --topic user-create --from-beginning
  logs in ${cluster.stack.dir}/logs
`
    : '';
  return `Everything still runs. Look around in another terminal:
  export OPERATION_HOST=${hostname} OPERATION_PORT=${port || 80}
  curl -X POST -H 'Content-Type: application/json' -d '{"name": "hans"}' "http://${address}/operation/create/user-create"
  curl "http://${address}/operation/get/${uuid}"
  curl "http://${address}/operation/list?limit=5"
  ${kubectl} get kcs,deploy,pods -n ${namespace}
  ${kubectl} describe kcs -n ${namespace} user-approval-service
${kafka}
Ctrl-C ends it.`;
}
