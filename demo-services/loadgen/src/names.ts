/** The state in which an operation must end. */
export type Expected = 'completed' | 'failed';

export interface NameMix {
  readonly name: string;
  readonly deniedName: string;
  /** The share of users with the denied name, 0 to 1. */
  readonly deniedShare: number;
}

/** Each tenth user is one that the default rule of user-approval-service rejects. */
export const defaultNames: NameMix = { name: 'hans', deniedName: 'mallory', deniedShare: 0.1 };

export interface NamedUser {
  readonly name: string;
  readonly expected: Expected;
}

/** The user that request `index` (from 0) creates, and what the denylist rule predicts for it. */
export function nameUser(index: number, mix: NameMix): NamedUser {
  return isDenied(index, mix.deniedShare)
    ? { name: mix.deniedName, expected: 'failed' }
    : { name: mix.name, expected: 'completed' };
}

/** Spread evenly, so that any stretch of users has its share: with 0.1 each tenth is denied. */
function isDenied(index: number, share: number): boolean {
  return Math.floor((index + 1) * share + 1e-9) > Math.floor(index * share + 1e-9);
}
