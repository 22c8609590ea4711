import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfigPaths } from './control-plane-config.ts';
import { controlsOf, endProcess, logSince, type ProcessControls } from './process.ts';
import type { StackState } from './state.ts';

/** The one node of the stack. */
const nodeName = 'local-1';

/** The agent that runs the pods; its own process, so that it outlives whoever started the stack. */
export function nodeAgentControls(state: StackState): ProcessControls {
  const { dir } = state;
  const logFile = join(dir, 'logs', 'node-agent.log');
  const options = {
    '--kubeconfig': kubeconfigPaths(dir).admin,
    '--node': nodeName,
    '--dir': dir,
    '--capacity-pods': String(state.capacityPods),
  };
  return controlsOf({
    name: 'node-agent',
    command: process.execPath,
    args: [
      join(import.meta.dirname, 'node-agent.ts'),
      ...Object.entries(options).flat(),
      ...(state.light ? ['--light'] : []),
    ],
    pidFile: join(dir, 'run', 'node-agent.pid'),
    logFile,
    ports: [],
    isReady: async (_signal, logOffset) =>
      logSince(logFile, logOffset).includes('node agent ready'),
    readyWithinMs: 60_000,
    stopWithinMs: 40_000, // its pods may use their termination grace period
  });
}

/** Ends what pods the agent has left behind, found by their pid files. */
export async function endPods(dir: string, graceMs: number): Promise<void> {
  await Promise.all(podPidFiles(dir).map((file) => endProcess(file, graceMs)));
}

function podPidFiles(dir: string): string[] {
  const pods = join(dir, 'pods');
  if (!existsSync(pods)) return [];
  return readdirSync(pods, { recursive: true, withFileTypes: true })
    .filter(isPidFile)
    .map((file) => join(file.parentPath, file.name));
}

function isPidFile(file: Dirent): boolean {
  return file.isFile() && (file.name === 'pid' || file.name.endsWith('.pid'));
}
