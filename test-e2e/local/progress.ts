/** Tells a person what a slow program does. */
export interface Progress {
  /**
   * Runs `work` as one step: shown while it runs, then printed with its duration.
   * @param work may report details (`update`); the last one stands beside the finished step
   */
  step<T>(title: string, work: (update: (detail: string) => void) => Promise<T>): Promise<T>;
  note(line: string): void;
}

interface RunningStep {
  readonly title: string;
  readonly startedAt: number;
  detail: string;
  toldAt: number;
}

interface ProgressOptions {
  /** Prints one whole line. */
  readonly log: (line: string) => void;
  /** A terminal to keep a live line on; without one a long step prints a line every 15 s. */
  readonly terminal?: { write(text: string): unknown; readonly columns?: number } | undefined;
}

const remindAfterMs = 15_000;
const clearLine = '\r\x1b[K';

export function createProgress({ log, terminal }: ProgressOptions): Progress {
  const running = new Set<RunningStep>();
  let timer: NodeJS.Timeout | undefined;

  const print = (line: string) => {
    terminal?.write(clearLine);
    log(line);
  };
  const drawLive = () => {
    const texts = [...running].map((s) => `${describe(s)}  ${elapsed(s)}`);
    const width = (terminal?.columns ?? 100) - 4;
    terminal?.write(`${clearLine}… ${texts.join(' · ').slice(0, width)}`);
  };
  const remind = () => {
    const now = Date.now();
    for (const step of running) {
      if (now - step.toldAt < remindAfterMs) continue;
      step.toldAt = now;
      print(`… ${describe(step)}  ${elapsed(step)}`);
    }
  };
  const begin = (step: RunningStep) => {
    running.add(step);
    timer ??= setInterval(terminal ? drawLive : remind, terminal ? 250 : 1000);
  };
  const end = (step: RunningStep, mark: string) => {
    running.delete(step);
    print(`${mark} ${describe(step)}  ${elapsed(step)}`);
    if (running.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    async step(title, work) {
      const step: RunningStep = { title, startedAt: Date.now(), detail: '', toldAt: Date.now() };
      begin(step);
      try {
        const result = await work((detail) => {
          step.detail = detail;
        });
        end(step, '✓');
        return result;
      } catch (error) {
        end(step, '✗');
        throw error;
      }
    },
    note: print,
  };
}

/** Lines on standard output, with a live one when it is a terminal. */
export function consoleProgress(): Progress {
  return createProgress({
    log: (line) => console.log(line),
    terminal: process.stdout.isTTY ? process.stdout : undefined,
  });
}

function describe({ title, detail }: RunningStep): string {
  return detail ? `${title}: ${detail}` : title;
}

function elapsed({ startedAt }: RunningStep): string {
  return formatDuration(Date.now() - startedAt);
}

/** @param ms as `0.4 s`, `12.3 s` or `3 min 05 s` */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
