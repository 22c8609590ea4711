import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/** The writes since the data were saved, as BSON documents in a row. */
final class Journal {
  private final long number;
  private final Path file;
  private final FileChannel channel;

  Journal(Path folder, long number) throws IOException {
    this.number = number;
    file = fileOf(folder, number);
    channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  long number() {
    return number;
  }

  long size() throws IOException {
    return channel.size();
  }

  boolean isEmpty() throws IOException {
    return size() == 0;
  }

  /** In the page cache when this returns: the end of the process does not lose it, that of the machine may. */
  void append(Document command) throws IOException {
    ByteBuf bytes = Unpooled.buffer();
    BsonEncoder.encodeDocument(command, bytes);
    for (ByteBuffer left = bytes.nioBuffer(); left.hasRemaining(); ) channel.write(left);
  }

  void forEach(Consumer<Document> visit) throws IOException {
    ByteBuf bytes = Unpooled.wrappedBuffer(Files.readAllBytes(file));
    // A document begins with its length. The last one may be cut off: then nobody was told that it was written.
    while (bytes.readableBytes() >= 4 && bytes.readableBytes() >= bytes.getIntLE(bytes.readerIndex()))
      visit.accept(BsonDecoder.decodeBson(bytes));
  }

  void close() throws IOException {
    channel.close();
  }

  static boolean exists(Path folder, long number) {
    return Files.exists(fileOf(folder, number));
  }

  /** Deletes those with a lower number, whose writes are saved. */
  static void deleteBefore(Path folder, long number) throws IOException {
    for (long each = number - 1; Files.deleteIfExists(fileOf(folder, each)); ) each--;
  }

  private static Path fileOf(Path folder, long number) {
    return folder.resolve("journal." + number);
  }
}
