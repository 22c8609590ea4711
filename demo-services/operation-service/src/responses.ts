import { PoisonError } from '@lagscaler/demo-shared/envelope.ts';
import type { FaultPoints } from '@lagscaler/demo-shared/fault.ts';
import type { Handler } from '@lagscaler/demo-shared/guarded-work.ts';
import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { untilDone } from '@lagscaler/demo-shared/retry.ts';
import { pause } from '@lagscaler/demo-shared/time.ts';
import { type Ending, readEnding } from './operation.ts';
import { type Finished, type OperationStore, UnavailableError } from './store.ts';

export interface ResponsePorts {
  readonly store: Pick<OperationStore, 'finish'>;
  readonly faults: FaultPoints;
  readonly log: Logger;
  /** Aborts when a shutdown waits no longer. */
  readonly signal: AbortSignal;
  readonly onEnded: (ending: Ending, createdAt: Date) => void;
  /** A duplicate, or late: the operation had ended before. */
  readonly onIgnored: () => void;
  /** Between two looks for an operation that is not there. */
  readonly lookPauseMs: number;
}

/** The place where tests break step 5 of the SAGA: updated, but not yet committed. */
export const operationUpdated = 'operation-updated';

const looks = 4;

/** Step 5 of the SAGA: the operation ends, in one write, and for good. */
export function endOperation(ports: ResponsePorts): Handler {
  return async ({ message }) => {
    const ending = readEnding(message.value);
    return async (onRetry) => {
      const finished = await finish(ports, ending, onRetry);
      if (finished.kind === 'unknown') {
        throw new PoisonError(`there is no operation ${ending.uuid.slice(0, 100)}`);
      }
      if (finished.kind === 'ended') ports.onEnded(ending, finished.createdAt);
      else ports.onIgnored();
      await ports.faults.at(operationUpdated);
    };
  };
}

/** An operation is stored before its message is sent: unknown ones are looked for a little longer only in case. */
async function finish(
  { store, signal, log, lookPauseMs }: ResponsePorts,
  ending: Ending,
  onRetry: () => void,
): Promise<Finished> {
  const what = 'ending an operation';
  const isTransient = (error: unknown) => error instanceof UnavailableError;
  const options = { isTransient, onRetry, signal, log, what };
  for (let look = 1; ; look += 1) {
    const finished = await untilDone(() => store.finish(ending), options);
    if (finished.kind !== 'unknown' || look === looks) return finished;
    await pause(lookPauseMs, signal);
  }
}
