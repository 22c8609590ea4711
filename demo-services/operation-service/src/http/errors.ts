import type { Logger } from '@lagscaler/demo-shared/log.ts';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { UnavailableError } from '../store.ts';
import { answerJson, RequestError } from './answers.ts';

const retryAfterSeconds = 2;

/** Every error as JSON. Express knows an error handler by its four parameters. */
export function answerError(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    if (response.headersSent) return void response.destroy();
    if (error instanceof UnavailableError) return unavailable(error, request, response, log);
    const problem = problemOf(error);
    if (problem.status >= 500) log.error({ err: error, path: request.path }, 'a request failed');
    // What is left of a body that was not read would be taken for the next request.
    if (!request.complete) response.setHeader('Connection', 'close');
    answerJson(response, problem.status, bodyOf(problem));
  };
}

function unavailable(error: unknown, request: Request, response: Response, log: Logger): void {
  log.debug({ err: error, path: request.path }, 'the store is not available');
  response.setHeader('Retry-After', retryAfterSeconds);
  answerJson(response, 503, { error: 'unavailable' });
}

function bodyOf({ status, error, message }: RequestError): unknown {
  return status === 404 || status >= 500 ? { error } : { error, message };
}

/** Errors of express and its body parser carry a `status`; their texts are made for clients. */
function problemOf(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  // A path that cannot be decoded names nothing.
  if (error instanceof URIError) return new RequestError(404, 'not_found', error.message);
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
  const message = error instanceof Error ? error.message : '';
  if (status === 413) {
    return new RequestError(413, 'body_too_large', 'the body is too large: send 100 KiB at most');
  }
  if (status === 415) return new RequestError(415, 'unsupported_encoding', message);
  if (status >= 400 && status < 500) return new RequestError(status, 'invalid_request', message);
  return new RequestError(500, 'internal', '');
}
