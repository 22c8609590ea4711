/**
 * Kafka's flexible encoding, read and written on one flat Buffer. The library's own reader and writer
 * make an object for every field, which at 100,000 partitions costs more than all of the rest
 * (docs/adr/0014).
 */

/** Grows as it is written to. */
export class WireWriter {
  #buffer: Buffer;
  #at = 0;

  /** @param expectedBytes a good guess saves copies */
  constructor(expectedBytes: number) {
    this.#buffer = Buffer.allocUnsafe(Math.max(expectedBytes, 64));
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  int8(value: number): void {
    this.#reserve(1);
    this.#at = this.#buffer.writeInt8(value, this.#at);
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
  }

  /** @param value a small one, as times are that stand for a position */
  int64(value: number): void {
    this.int32(value < 0 ? -1 : 0);
    this.int32(value);
  }

  unsignedVarint(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
  }

  /** Also the length of an array: one more than its items, 0 for null. */
  compactLength(items: number | undefined): void {
    this.unsignedVarint(items === undefined ? 0 : items + 1);
  }

  compactString(text: string): void {
    const length = Buffer.byteLength(text);
    this.compactLength(length);
    this.#reserve(length);
    this.#at += this.#buffer.write(text, this.#at);
  }

  noTags(): void {
    this.unsignedVarint(0);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}

/** @throws RangeError when the answer ends too early */
export class WireReader {
  readonly #buffer: Buffer;
  /** Makes one bigint where Buffer makes several. */
  readonly #view: DataView;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  int16(): number {
    this.#at += 2;
    return this.#view.getInt16(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#view.getBigInt64(this.#at - 8);
  }

  /** Raw bytes, empty when there are none; not a copy. */
  compactBytes(): Buffer {
    const length = this.compactLength();
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  hex(bytes: number): string {
    this.#at += bytes;
    return this.#buffer.toString('hex', this.#at - bytes, this.#at);
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#buffer.readUInt8(this.#at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Null, which Kafka writes as 0, is an empty text or array here. */
  compactLength(): number {
    return Math.max(this.unsignedVarint() - 1, 0);
  }

  compactString(): string {
    const length = this.compactLength();
    this.#at += length;
    return this.#buffer.toString('utf8', this.#at - length, this.#at);
  }

  skipCompactString(): void {
    this.skip(this.compactLength());
  }

  /** Fields of versions to come. */
  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left -= 1) {
      this.unsignedVarint();
      this.skip(this.unsignedVarint());
    }
  }

  /** Items that each end with tags. */
  array<T>(item: () => T): T[] {
    const length = this.compactLength();
    const items: T[] = [];
    for (let i = 0; i < length; i += 1) {
      items.push(item());
      this.skipTags();
    }
    return items;
  }
}
