import { MongoError, MongoInvalidArgumentError, MongoParseError, MongoServerError } from 'mongodb';

const duplicateKey = 11_000;

/** The write itself is refused: sending it again cannot help. The numbers are the server's. */
const refused: ReadonlySet<unknown> = new Set([
  2, // BadValue
  9, // FailedToParse
  14, // TypeMismatch
  16, // Overflow
  28, // PathNotViable
  40, // ConflictingUpdateOperators
  52, // DollarPrefixedFieldName
  54, // NotSingleValueField
  55, // InvalidDBRef
  56, // EmptyFieldName
  57, // DottedFieldName
  66, // ImmutableField
  121, // DocumentValidationFailure
  10_334, // BSONObjectTooLarge
  17_280, // KeyTooLong
  17_419, // the document would grow too large
  17_420,
]);

/** A unique index has this value already. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey;
}

/**
 * Whether the same call may succeed later: an outage, a timeout, a server that changes its role, and
 * also a refused login or a missing right, which an administrator may mend meanwhile. Not: a write
 * refused for what it is, and whatever does not come from MongoDB.
 */
export function isTransientMongoError(error: unknown): boolean {
  if (!(error instanceof MongoError) || isDuplicateKey(error)) return false;
  if (error instanceof MongoInvalidArgumentError || error instanceof MongoParseError) return false;
  return !(error instanceof MongoServerError && refused.has(error.code));
}
