import { randomUUID } from 'node:crypto';
import type { FaultPoints } from '@lagscaler/demo-shared/fault.ts';
import type { Tracing } from '@lagscaler/demo-shared/tracing.ts';
import type { RequestHandler, Response } from 'express';
import type { IHeaders } from 'kafkajs';
import { newOperation, type Operation } from '../operation.ts';
import type { Outbox } from '../outbox.ts';
import { type OperationStore, UnavailableError, type Unsent } from '../store.ts';
import { isTerminal } from '../transitions.ts';
import type { Waiters } from '../waiters.ts';
import { answerJson, RequestError } from './answers.ts';
import { dataOf } from './body.ts';
import { cursorOf, listQueryOf, waitMsOf } from './query.ts';

export interface OperationPorts {
  readonly store: OperationStore;
  readonly outbox: Outbox;
  readonly waiters: Waiters;
  readonly tracing: Tracing;
  readonly faults: FaultPoints;
  /** How long a message that was just stored is left to this process. */
  readonly leaseMs: number;
}

export interface OperationHandlers {
  readonly create: RequestHandler<{ operation: string }>;
  readonly get: RequestHandler<{ uuid: string }>;
  readonly list: RequestHandler;
}

/** The places where tests break step 1 of the SAGA. */
export const operationInserting = 'operation-inserting';
export const operationStored = 'operation-stored';

const createSpan = 'POST /operation/create/:operation';

export function operationHandlers(ports: OperationPorts): OperationHandlers {
  const { store, waiters } = ports;
  return {
    async create(request, response) {
      const type = request.params.operation;
      const data = dataOf(request, type);
      const operation = newOperation(randomUUID(), type, data);
      await ports.tracing.server(createSpan, request.headers, (headers) =>
        create(ports, operation, headers),
      );
      if (isTerminal(operation.state)) return answerJson(response, 400, operation);
      response.setHeader('Location', `/operation/get/${operation.uuid}`);
      answerJson(response, 202, operation);
    },
    async get(request, response) {
      const waitMs = waitMsOf(request.query);
      const { uuid } = request.params;
      let operation = await lookUp(store, uuid);
      if (waitMs > 0 && !isTerminal(operation.state)) {
        const gone = goneSignal(response);
        await waiters.ended(uuid, waitMs, gone);
        if (gone.aborted) return;
        operation = await lookUp(store, uuid);
      }
      answerJson(response, 200, operation);
    },
    async list(request, response) {
      const { items, next } = await store.list(listQueryOf(request.query));
      answerJson(response, 200, { items, next: next ? cursorOf(next) : null });
    },
  };
}

/** Step 1 of the SAGA: stored together with its message, in one write; Kafka is not waited for. */
async function create(ports: OperationPorts, operation: Operation, headers: IHeaders) {
  const { store, outbox, faults } = ports;
  const outgoing = isTerminal(operation.state) ? undefined : textOf(headers);
  await faults.at(operationInserting);
  try {
    await store.insert(operation, outgoing, ports.leaseMs);
  } catch (error) {
    // The client is told that nothing was stored: so be it, even when the store does it later.
    if (error instanceof UnavailableError) outbox.revoke(operation.uuid);
    throw error;
  }
  await faults.at(operationStored);
  if (outgoing) outbox.offer({ operation, headers: outgoing });
}

function textOf(headers: IHeaders): Unsent['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function lookUp(store: OperationStore, uuid: string): Promise<Operation> {
  const operation = uuidShape.test(uuid) ? await store.get(uuid) : undefined;
  if (operation) return operation;
  throw new RequestError(404, 'not_found', 'there is no such operation');
}

function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}
