export interface Flag {
  readonly env: string;
  /** What follows the flag; undefined: nothing, it is on or off. */
  readonly value: string | undefined;
  readonly help: string;
}

/** Every flag with the environment variable it stands for; the flag wins. */
export const flags: Readonly<Record<string, Flag>> = {
  target: {
    env: 'LOAD_TARGET_URL',
    value: 'url',
    help: 'operation-service, such as http://localhost:80 (required)',
  },
  host: {
    env: 'LOAD_HOST_HEADER',
    value: 'name',
    help: 'Host header instead of the one of the URL, for a gateway that routes by it',
  },
  profile: {
    env: 'LOAD_PROFILE',
    value: 'baseline|constant|ramp|steps',
    help: 'default: steps, ramp or constant when --steps, --ramp-to or --rate is given, else baseline (25 users/s)',
  },
  rate: {
    env: 'LOAD_RATE',
    value: 'users/s',
    help: 'constant: the rate; ramp: where it begins; default 25',
  },
  'ramp-to': { env: 'LOAD_RAMP_TO', value: 'users/s', help: 'ramp: where it ends; default 100' },
  steps: {
    env: 'LOAD_STEPS',
    value: 'rate x s,…',
    help: 'such as 25x60,100x30; a last step without seconds, as in 25x60,100, holds until SIGTERM',
  },
  duration: {
    env: 'LOAD_DURATION_SECONDS',
    value: 'seconds',
    help: 'default 60; 0 is until SIGTERM (not for a ramp); steps have their own',
  },
  name: { env: 'LOAD_NAME', value: 'name', help: 'default hans' },
  'denied-name': {
    env: 'LOAD_DENIED_NAME',
    value: 'name',
    help: 'default mallory; its operations must fail',
  },
  'denied-share': {
    env: 'LOAD_DENIED_SHARE',
    value: '0..1',
    help: 'default 0.1: each tenth user has the denied name',
  },
  'request-timeout': {
    env: 'LOAD_REQUEST_TIMEOUT_SECONDS',
    value: 'seconds',
    help: 'default 30; for an answer, and for a request to wait for a free connection',
  },
  'max-connections': {
    env: 'LOAD_MAX_CONNECTIONS',
    value: 'count',
    help: 'default 2000; bounds the requests in flight, beyond it they leave late and are counted',
  },
  wait: {
    env: 'LOAD_WAIT',
    value: undefined,
    help: 'follow every accepted operation to its terminal state; SAGA times and balance',
  },
  'wait-timeout': {
    env: 'LOAD_WAIT_TIMEOUT_SECONDS',
    value: 'seconds',
    help: 'default 300; how long to wait after the load is over',
  },
  'wait-interval': {
    env: 'LOAD_WAIT_INTERVAL_MS',
    value: 'ms',
    help: 'default 250; between two looks, at least: the resolution of the SAGA times',
  },
  output: { env: 'LOAD_OUTPUT', value: 'text|json', help: 'the report on stdout; default text' },
  report: { env: 'LOAD_REPORT_FILE', value: 'path', help: 'write the report there too, as JSON' },
  'log-level': {
    env: 'LOG_LEVEL',
    value: 'error|warn|info|debug',
    help: 'default warn; info tells the progress every 10 s',
  },
};
