import { errorCode, type HttpAnswer, type HttpClient } from './http-client.ts';
import type { Outcome } from './observer.ts';

/** operation-service, as the load sees it. Never rejects: whatever happens is an outcome. */
export interface UserApi {
  createUser(name: string): Promise<Outcome>;
}

const accepted = 202;

export function createUserApi(client: Pick<HttpClient, 'post'>): UserApi {
  return {
    async createUser(name) {
      try {
        const body = JSON.stringify({ name });
        return readAnswer(await client.post('/operation/create/user-create', body));
      } catch (error) {
        return { status: undefined, uuid: undefined, error: errorCode(error) };
      }
    },
  };
}

function readAnswer({ status, body }: HttpAnswer): Outcome {
  if (status !== accepted) return { status, uuid: undefined, error: `status ${status}` };
  const uuid = readUuid(body);
  return { status, uuid, error: uuid === undefined ? 'invalid_answer' : undefined };
}

function readUuid(body: string): string | undefined {
  try {
    const answer: { uuid?: unknown } | null = JSON.parse(body);
    return typeof answer?.uuid === 'string' && answer.uuid !== '' ? answer.uuid : undefined;
  } catch {
    return undefined;
  }
}
