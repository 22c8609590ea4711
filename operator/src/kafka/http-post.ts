import { once } from 'node:events';
import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';

interface HttpPost {
  readonly url: URL;
  /** PEM; undefined: the usual authorities. */
  readonly ca: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** A form. */
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Far more than any token answer. */
const longestAnswer = 131_072;

/**
 * One POST on a connection of its own, since the next one is minutes away. Redirects are not followed:
 * they could lead a secret elsewhere.
 * @throws what Node throws, with a `code`, or the reason of `signal`
 */
export async function post({ url, ca, headers, body, signal }: HttpPost): Promise<HttpAnswer> {
  const options = {
    method: 'POST',
    signal,
    agent: false,
    headers: {
      ...headers,
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    },
  } as const;
  const request =
    url.protocol === 'https:'
      ? overHttps(url, ca === undefined ? options : { ...options, ca })
      : overHttp(url, options);
  request.end(body);
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (!response) throw new Error('no response');
  try {
    return { status: response.statusCode ?? 0, body: await textOf(response) };
  } finally {
    response.destroy();
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) {
    text += chunk;
    if (text.length > longestAnswer) throw new Error('the answer is too long');
  }
  return text;
}
