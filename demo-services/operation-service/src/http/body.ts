import { isObject, type JsonObject, parseJson } from '@lagscaler/demo-shared/envelope.ts';
import { depthOf, maxDataDepth } from '@lagscaler/demo-shared/json-depth.ts';
import express, { type Request, type RequestHandler } from 'express';
import { userCreate } from '../operation.ts';
import { RequestError } from './answers.ts';

const maxBodyBytes = 100 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads the bytes, whatever their type; compressed ones are counted as what they become. */
export const readBody: RequestHandler = express.raw({ type: () => true, limit: maxBodyBytes });

/**
 * The data of a new operation.
 * @throws RequestError 400 that says what is wrong
 */
export function dataOf(request: Request, type: string): JsonObject {
  requireJsonType(request);
  const body = parse(request.body);
  if (!isObject(body)) throw invalidBody('the body must be a JSON object');
  const name = body['name'];
  if (type === userCreate && (typeof name !== 'string' || name === '')) {
    throw invalidBody('"name" must be a string that is not empty');
  }
  return body;
}

function invalidBody(message: string): RequestError {
  return new RequestError(400, 'invalid_body', message);
}

function requireJsonType(request: Request): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';');
  const charset = parameters.map((text) => text.trim().toLowerCase()).find(isCharset);
  const known = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (type.trim().toLowerCase() === 'application/json' && known) return;
  throw new RequestError(
    400,
    'invalid_content_type',
    'send JSON in UTF-8, with the header Content-Type: application/json',
  );
}

function isCharset(parameter: string): boolean {
  return parameter.startsWith('charset=');
}

function parse(bytes: unknown): unknown {
  try {
    // Without a body there are no bytes: that is no JSON either.
    const text = utf8.decode(bytes instanceof Buffer ? bytes : undefined);
    if (depthOf(text) > maxDataDepth) {
      throw invalidBody(`the body must not be nested deeper than ${maxDataDepth} levels`);
    }
    return parseJson(text);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    const message = error instanceof SyntaxError ? error.message : 'the body is not UTF-8';
    throw new RequestError(400, 'invalid_json', message, { cause: error });
  }
}
