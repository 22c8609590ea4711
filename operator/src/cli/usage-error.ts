/** What was typed, or a file that was named, is wrong: exit code 2, one problem a line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
