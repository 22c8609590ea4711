import { type HealthSource, healthAnswer } from '@lagscaler/demo-shared/http.ts';
import type { Logger } from '@lagscaler/demo-shared/log.ts';
import express, { type Express, type RequestHandler } from 'express';
import type { OperationMetrics } from '../operation-metrics.ts';
import { answerText, RequestError } from './answers.ts';
import { readBody } from './body.ts';
import { cors } from './cors.ts';
import { answerError } from './errors.ts';
import { observe } from './observe.ts';
import { type OperationPorts, operationHandlers } from './operations.ts';

export interface AppPorts extends OperationPorts {
  readonly health: HealthSource;
  readonly metrics: OperationMetrics;
  readonly log: Logger;
}

/** The HTTP interface: what is called how, and nothing of what then happens. */
export function createApp(ports: AppPorts): Express {
  const operations = operationHandlers(ports);
  const health = healthHandler(ports.health);
  const app = express();
  app.disable('x-powered-by');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', 'simple');
  app.use(observe(ports.metrics));
  app.use(cors);
  app.route('/operation/create/:operation').post(readBody, operations.create).all(others('POST'));
  app.route('/operation/get/:uuid').get(operations.get).all(others('GET', 'HEAD'));
  app.route('/operation/list').get(operations.list).all(others('GET', 'HEAD'));
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    app.route(path).get(health).all(others('GET', 'HEAD'));
  }
  app.use(() => {
    throw new RequestError(404, 'not_found', 'there is no such path');
  });
  app.use(answerError(ports.log));
  return app;
}

/** What is left of a path: the question which methods it has, and those that it has not. */
function others(...methods: readonly string[]): RequestHandler {
  const allowed = [...methods, 'OPTIONS'].join(', ');
  return (request, response) => {
    response.setHeader('Allow', allowed);
    if (request.method !== 'OPTIONS') {
      throw new RequestError(405, 'method_not_allowed', `allowed are ${allowed}`);
    }
    response.setHeader('Access-Control-Allow-Methods', allowed);
    response.statusCode = 204;
    response.end();
  };
}

function healthHandler(source: HealthSource): RequestHandler {
  return async (request, response) => {
    const answer = await healthAnswer(request.path, source);
    if (answer) answerText(response, answer.status, answer.type, answer.body);
  };
}
