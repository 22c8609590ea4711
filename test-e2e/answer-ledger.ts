/** `data.approved` of an answer. */
export type Decision = 'true' | 'false';

/** Of the records sent so far; `lost` are those acknowledged without an answer yet. */
export interface AnswerTally {
  readonly answered: number;
  readonly approved: number;
  readonly rejected: number;
  readonly lost: number;
  /** Answers beyond the first of their operation. */
  readonly duplicated: number;
  /** Operations with an answer other than the expected one. */
  readonly wrong: number;
}

export interface AnswerLedger {
  /** A record about to be sent, and the answer it must get. */
  expect(uuid: string, decision: Decision): void;
  /** Kafka has the record: from now on a missing answer is a lost one. */
  acknowledge(uuid: string): void;
  /** An answer read; undefined: neither "true" nor "false". Those to foreign operations are ignored. */
  answer(uuid: string, decision: Decision | undefined): void;
  tally(): AnswerTally;
}

interface Operation {
  readonly expected: Decision;
  acknowledged: boolean;
  answers: number;
  wrong: boolean;
}

export function createLedger(): AnswerLedger {
  const operations = new Map<string, Operation>();
  const count = { answered: 0, approved: 0, rejected: 0, lost: 0, duplicated: 0, wrong: 0 };

  const first = (operation: Operation, decision: Decision | undefined) => {
    count.answered += 1;
    if (decision === 'true') count.approved += 1;
    if (decision === 'false') count.rejected += 1;
    if (operation.acknowledged) count.lost -= 1;
  };

  return {
    expect(uuid, expected) {
      operations.set(uuid, { expected, acknowledged: false, answers: 0, wrong: false });
    },
    acknowledge(uuid) {
      const operation = operations.get(uuid);
      if (operation === undefined || operation.acknowledged) return;
      operation.acknowledged = true;
      if (operation.answers === 0) count.lost += 1;
    },
    answer(uuid, decision) {
      const operation = operations.get(uuid);
      if (operation === undefined) return;
      if (operation.answers === 0) first(operation, decision);
      else count.duplicated += 1;
      operation.answers += 1;
      if (decision !== operation.expected && !operation.wrong) {
        operation.wrong = true;
        count.wrong += 1;
      }
    },
    tally: () => ({ ...count }),
  };
}
