import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  commandLine,
  findImage,
  type Image,
  imageWorkingDirectory,
  networkEnv,
} from '../images.ts';
import { type AgentContext, hostIP } from './agent-context.ts';
import { containerEnv, expand } from './env.ts';
import type { ContainerRuntime, ContainerStart } from './runtime.ts';
import type { Container, Pod } from './types.ts';
import { relocate } from './volumes.ts';

/** What is fixed for all containers of a pod once its address, volumes and token exist. */
export interface PodSandbox {
  readonly pod: Pod;
  readonly podIP: string;
  readonly dir: string;
  /** Undefined for a pod that mounts no ServiceAccount token. */
  readonly kubeconfig: string | undefined;
}

export const volumesDir = (podDir: string) => join(podDir, 'volumes');

/** The log of a container, found by the pod's name; it outlives the pod. */
export function logPath(dir: string, pod: Pod, container: string): string {
  const { namespace, name } = pod.metadata;
  return join(dir, 'logs', 'pods', `${namespace}_${name}_${container}.log`);
}

/** A name no image goes by. The message lists those that exist. */
export class ImageError extends Error {}

/** Resolves image, environment and command line. Throws ImageError or ContainerConfigError. */
export async function prepareContainer(
  agent: AgentContext,
  sandbox: PodSandbox,
  container: Container,
): Promise<ContainerStart> {
  const image = imageOf(container);
  const { pod, podIP } = sandbox;
  const base = baseEnv(agent, sandbox);
  const own = await containerEnv(pod, container, { podIP, hostIP }, agent.reader, base);
  const volumes = volumesDir(sandbox.dir);
  const real = (text: string) => relocate(text, container, volumes);
  const values = Object.entries({ ...own, ...networkEnv(podIP) });
  const env = Object.fromEntries(values.map(([name, value]) => [name, real(value)]));
  const [program, ...args] = commandLine(image, container);
  return {
    ...{ pod, container, image, env },
    command: [program, ...args.map((arg) => real(expand(arg, env)))],
    cwd: container.workingDir ? real(container.workingDir) : imageWorkingDirectory,
    logFile: logPath(agent.dir, pod, container.name),
    pidFile: join(sandbox.dir, `${container.name}.pid`),
  };
}

function imageOf(container: Container): Image {
  try {
    return findImage(container.image);
  } catch (cause) {
    throw new ImageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** What a container has before its own variables. */
function baseEnv(agent: AgentContext, sandbox: PodSandbox): Record<string, string> {
  const server = new URL(agent.api.access.server);
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: sandbox.dir,
    HOSTNAME: sandbox.pod.metadata.name,
    // Forty starts of the same program parse and strip its types once.
    NODE_COMPILE_CACHE: join(agent.dir, 'compile-cache'),
    KUBERNETES_SERVICE_HOST: server.hostname,
    KUBERNETES_SERVICE_PORT: server.port || '443',
    ...(sandbox.kubeconfig && { KUBECONFIG: sandbox.kubeconfig }),
  };
}

const lightAnnotation = 'lagscaler.dev/light';

/**
 * Light mode is for pods that are nothing but one container with the image's own program; the
 * annotation overrides the agent's setting for one pod.
 */
export function runtimeFor(agent: AgentContext, start: ContainerStart): ContainerRuntime {
  const { metadata, spec } = start.pod;
  const asked = metadata.annotations?.[lightAnnotation];
  const light = asked === undefined ? agent.light : asked === 'true';
  const { command, args, workingDir } = start.container;
  const alone = spec.containers.length === 1 && !spec.initContainers?.length;
  const plain = alone && !command && !args && !workingDir && start.image.module !== undefined;
  return light && plain ? agent.lightRuntime : agent.processes;
}

export const newContainerID = () => `local://${randomUUID()}`;
