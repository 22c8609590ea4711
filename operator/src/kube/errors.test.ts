import { ApiException } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { fromStatus, toKubeError } from './errors.ts';

const api = (code: number, reason?: string, headers: Record<string, string> = {}) =>
  new ApiException(code, 'x', reason && JSON.stringify({ code, reason, message: 'why' }), headers);
const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });

// The five shapes of traps C17, and what may come instead of a Status.
test.for([
  ['403 is Forbidden', api(403, 'Forbidden'), { code: 'Forbidden', status: 403 }],
  ['404 is NotFound', api(404, 'NotFound'), { code: 'NotFound', reason: 'NotFound' }],
  ['409 is Conflict', api(409, 'AlreadyExists'), { code: 'Conflict', reason: 'AlreadyExists' }],
  ['410 is Gone', api(410, 'Expired'), { code: 'Gone' }],
  ['422 is Invalid', api(422, 'Invalid'), { code: 'Invalid', status: 422 }],
  ['400 is Invalid', api(400, 'BadRequest'), { code: 'Invalid' }],
  ['500 is Server', api(500, 'InternalError'), { code: 'Server' }],
  ['504 is Timeout', api(504, 'Timeout'), { code: 'Timeout' }],
  ['401 has no body', api(401), { code: 'Unauthorized', reason: undefined }],
  [
    '429 says when to come back',
    api(429, 'TooManyRequests', { 'retry-after': '3' }),
    { code: 'Throttled', retryAfterMs: 3000 },
  ],
  [
    'a proxy answers with HTML',
    new ApiException(503, 'x', '<html>', {}),
    { code: 'Server', status: 503 },
  ],
  [
    'a watch has statusCode',
    Object.assign(new Error('x'), { statusCode: 410 }),
    { code: 'Gone', status: 410 },
  ],
  [
    'no connection hides its reason in the cause',
    new TypeError('fetch failed', { cause: refused }),
    { code: 'Unreachable', message: expect.stringContaining('ECONNREFUSED') },
  ],
  ['our deadline', new DOMException('x', 'TimeoutError'), { code: 'Timeout' }],
  [
    'the numeric code of an AbortError is no status',
    new DOMException('x', 'AbortError'),
    { code: 'Unreachable', status: undefined },
  ],
  [
    'a token file that is gone',
    Object.assign(new Error('open'), { code: 'ENOENT' }),
    { code: 'Unauthorized' },
  ],
  ['anything else', 'text', { code: 'Unreachable' }],
] as const)('%s', ([, error, expected]) => {
  expect(toKubeError(error)).toMatchObject(expected);
});

test('a KubeError stays as it is', () => {
  const error = toKubeError(api(404));
  expect(toKubeError(error)).toBe(error);
});

test('the cause is kept', () => {
  const error = new DOMException('x', 'TimeoutError');
  expect(toKubeError(error).cause).toBe(error);
});

test('a message that holds a whole object is cut', () => {
  const body = JSON.stringify({ message: 'x'.repeat(10_000) });
  expect(toKubeError({ code: 422, body }).message.length).toBe(400);
});

test('the Status of an event in a watch', () => {
  const status = { code: 410, reason: 'Expired', message: 'too old' };
  expect(fromStatus(status, 'watch')).toMatchObject({
    code: 'Gone',
    message: 'watch: too old (410)',
  });
});
