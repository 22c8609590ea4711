import type { Response } from 'express';

/** A request that is answered with an error: 4xx, always JSON. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly error: string;

  /** @param error a short stable word for programs; `message` is for people */
  constructor(status: number, error: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.error = error;
  }
}

export function answerJson(response: Response, status: number, body: unknown): void {
  answerText(response, status, 'application/json', JSON.stringify(body));
}

/** Not `response.send`: it would add a charset to JSON, which has none, and answer 304 to some. */
export function answerText(response: Response, status: number, type: string, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
