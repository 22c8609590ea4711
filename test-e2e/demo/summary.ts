import { relative } from 'node:path';
import type { Cluster } from '../cluster.ts';
import type { Report } from './recording.ts';

export function summaryOf(report: Report, out: string): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const folder = relative(process.cwd(), out) || '.';
  return `
What happened
  lag rose to            ${report.peakLag} records
  scale-out              ${report.scaleOutPatches} patch${report.scaleOutPatches === 1 ? '' : 'es'}, ${seconds(report.reactionMs)} after it was due
  drained                ${report.drainSeconds < 0 ? 'not within the demo' : `${report.drainSeconds} s after that`}
  rebalances             ${report.rebalances}
  sent and answered      ${report.sent}: ${report.approved} approved, ${report.rejected} rejected
  lost, duplicated       ${report.lost}, ${report.duplicated}

  ${folder}/report.json   the numbers
  ${folder}/chart.svg     lag and replicas over time
`;
}

export function lookAround(cluster: Cluster, namespace: string): string {
  const kubectl = cluster.stack ? `${cluster.stack.dir}/bin/kubectl` : 'kubectl';
  return `Everything still runs. Look around in another terminal:
  ${kubectl} get kcs,deploy,pods -n ${namespace}
  ${kubectl} describe kcs -n ${namespace} user-approval-service
${cluster.stack ? `  ${cluster.stack.dir}/bin/kafka-consumer-groups --describe --group user-approval-service\n  logs in ${cluster.stack.dir}/logs\n` : ''}
Ctrl-C ends it.`;
}
