import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;

/** How H2 stores and orders what is in its maps. By default it would use Java's serialization: ten times the time and size. */
final class BsonType<T> extends BasicDataType<T> {
  private static final Comparator<Object> ORDER = ValueComparator.asc();
  private final Function<T, Document> toDocument;
  private final Function<Document, T> fromDocument;
  private final Comparator<T> order;

  private BsonType(Function<T, Document> toDocument, Function<Document, T> fromDocument, Comparator<T> order) {
    this.toDocument = toDocument;
    this.fromDocument = fromDocument;
    this.order = order;
  }

  static BsonType<Document> documents() {
    return new BsonType<>(Function.identity(), Function.identity(), ORDER::compare);
  }

  /** Ids, and whatever else may be a value in a document. */
  static BsonType<Object> values() {
    return new BsonType<>(value -> new Document("v", nullIfMissing(value)), stored -> stored.get("v"), ORDER);
  }

  /** The keys of an index. */
  static BsonType<KeyValue> keys() {
    return new BsonType<>(BsonType::storedKey, stored -> new KeyValue((List<?>) stored.get("v")), BsonType::compareKeys);
  }

  private static Document storedKey(KeyValue key) {
    List<Object> values = new ArrayList<>();
    for (Object value : key) values.add(nullIfMissing(value));
    return new Document("v", values);
  }

  private static Object nullIfMissing(Object value) {
    return value instanceof Missing ? null : value;
  }

  private static int compareKeys(KeyValue one, KeyValue other) {
    Iterator<Object> others = other.iterator();
    for (Object value : one) {
      int order = ORDER.compare(value, others.next());
      if (order != 0) return order;
    }
    return 0;
  }

  @Override
  public int compare(T one, T other) {
    return order.compare(one, other);
  }

  @Override
  public int getMemory(T value) {
    return 500; // a rough guess: the exact figure costs more than it helps
  }

  @Override
  public void write(WriteBuffer target, T value) {
    ByteBuf bytes = Unpooled.buffer();
    BsonEncoder.encodeDocument(toDocument.apply(value), bytes);
    target.put(bytes.nioBuffer());
  }

  @Override
  public T read(ByteBuffer source) {
    ByteBuf bytes = Unpooled.wrappedBuffer(source);
    Document stored = BsonDecoder.decodeBson(bytes);
    source.position(source.position() + bytes.readerIndex());
    return fromDocument.apply(stored);
  }

  @Override
  @SuppressWarnings("unchecked")
  public T[] createStorage(int size) {
    return (T[]) new Object[size];
  }
}
