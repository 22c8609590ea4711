import { createHash } from 'node:crypto';
import type { ApprovalConfig } from './config.ts';

export interface Applicant {
  /** `data.name` */
  readonly name: string;
  /** `data.uuid`: the user, not the operation. */
  readonly uuid: string;
}

/** The value of `data.approved`: always text, never a boolean. */
export type Decision = 'true' | 'false';

/** The same applicant gets the same answer, from every pod and after every redelivery. */
export function decide(applicant: Applicant, config: ApprovalConfig): Decision {
  return approves[config.rule](applicant, config) ? 'true' : 'false';
}

type Rule = (applicant: Applicant, config: ApprovalConfig) => boolean;

const approves: Readonly<Record<ApprovalConfig['rule'], Rule>> = {
  approve: () => true,
  reject: () => false,
  denylist: ({ name }, { denylist }) => !denylist.has(name.trim().toLowerCase()),
  ratio: ({ uuid }, { ratio }) => shareOf(uuid) < ratio,
};

/** Spreads the users evenly over 0 (included) to 1 (excluded). */
function shareOf(uuid: string): number {
  return createHash('sha256').update(uuid).digest().readUInt32BE(0) / 2 ** 32;
}
