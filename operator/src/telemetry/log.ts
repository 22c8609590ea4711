import { type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/** JSON lines on stdout, levels by name, secrets cut out by path wherever an object carries them. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime, // traps O4
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: [
        'password',
        '*.password',
        '*.*.password',
        'sasl',
        '*.sasl',
        '*.tls.key',
        'token',
        '*.token',
      ],
      censor: '[redacted]',
    },
  });
}
