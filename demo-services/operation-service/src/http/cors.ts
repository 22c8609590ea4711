import type { RequestHandler } from 'express';

/** Open to every origin; there are no credentials to protect. */
export const cors: RequestHandler = (request, response, next) => {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Expose-Headers', 'Location, Retry-After');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (request.method === 'OPTIONS') {
    const wanted = request.headers['access-control-request-headers'];
    response.setHeader('Access-Control-Allow-Headers', wanted ?? 'Content-Type');
    response.setHeader('Access-Control-Max-Age', '86400');
    response.setHeader('Vary', 'Access-Control-Request-Headers');
  }
  next();
};
