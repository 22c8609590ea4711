import { type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/** JSON lines on stdout; levels by name; secrets cut out wherever an object carries them. */
export function createLog(level: string, bindings: Record<string, string>): Logger {
  return pino({
    level,
    base: bindings,
    timestamp: stdTimeFunctions.isoTime, // traps O4
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ['password', '*.password', 'sasl', '*.sasl', '*.key'], censor: '[redacted]' },
  });
}
