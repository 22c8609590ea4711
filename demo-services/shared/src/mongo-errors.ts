import {
  MongoBulkWriteError,
  MongoError,
  MongoInvalidArgumentError,
  MongoParseError,
  MongoServerError,
} from 'mongodb';

const duplicateKey = 11_000;

/** The write itself is refused: sending it again cannot help. The numbers are the server's. */
const refused: ReadonlySet<unknown> = new Set([
  2, // BadValue
  9, // FailedToParse
  14, // TypeMismatch
  15, // Overflow: nested too deep, among others
  16, // InvalidLength
  22, // InvalidBSON
  28, // PathNotViable
  40, // ConflictingUpdateOperators
  52, // DollarPrefixedFieldName
  53, // InvalidIdField
  54, // NotSingleValueField
  55, // InvalidDBRef
  56, // EmptyFieldName
  57, // DottedFieldName
  66, // ImmutableField
  121, // DocumentValidationFailure
  171, // CannotIndexParallelArrays
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
 * also a refused login or a missing right, which an administrator may mend meanwhile; and writes that
 * may not be durable yet, whatever else is said of some of them. Not: a write refused for what it is,
 * and whatever does not come from MongoDB.
 */
export function isTransientMongoError(error: unknown): boolean {
  if (isUndurable(error)) return true;
  if (!(error instanceof MongoError) || isDuplicateKey(error)) return false;
  if (error instanceof MongoInvalidArgumentError || error instanceof MongoParseError) return false;
  return !(error instanceof MongoServerError && refused.has(error.code));
}

/** Of many writes, those that were not refused are not yet known to survive a crash. */
export function isUndurable(error: unknown): boolean {
  return error instanceof MongoBulkWriteError && error.result.getWriteConcernError() !== undefined;
}
