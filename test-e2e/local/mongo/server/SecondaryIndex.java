import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.bson.BsonRegularExpression;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * An index of the first of its keys, in memory: for equality, ranges and `$exists: true`. The server itself has none that is
 * not unique and would look at every document. What it finds is compared with the whole query later.
 */
final class SecondaryIndex extends Index<Object> {
  private final String field;
  private final Predicate<Document> betterServed;
  private final NavigableMap<Object, Set<Object>> positions = new TreeMap<>(ValueComparator.asc());
  private boolean hasArrays;

  /** @param betterServed whether a unique index serves a query */
  SecondaryIndex(String name, List<IndexKey> keys, Predicate<Document> betterServed) {
    super(name, keys, true); // sparse: a document may be absent from it
    field = keys.get(0).getKey();
    this.betterServed = betterServed;
  }

  @Override
  public boolean canHandle(Document query) {
    return !hasArrays && query.containsKey(field) && range(query.get(field)) != null && !betterServed.test(query);
  }

  @Override
  public Iterable<Object> getPositions(Document query) {
    List<Object> found = new ArrayList<>(); // a copy: the index changes while an update goes through them
    for (Set<Object> same : range(query.get(field)).values()) found.addAll(same);
    return found;
  }

  /** At least what fits the condition; null when only a look at every document can tell. */
  private Map<Object, Set<Object>> range(Object condition) {
    if (!Missing.isNeitherNullNorMissing(condition) || condition instanceof Collection) return null;
    if (BsonRegularExpression.isRegularExpression(condition)) return null;
    if (!isExpression(condition)) {
      Object value = normalized(condition);
      return between(value, value);
    }
    Object from = null;
    Object to = null;
    for (Map.Entry<String, Object> each : ((Document) condition).entrySet()) {
      Object operand = each.getValue();
      switch (each.getKey()) {
        case "$lt", "$lte" -> to = normalized(operand);
        case "$gt", "$gte" -> from = normalized(operand);
        case "$exists" -> {
          if (!Utils.isTrue(operand)) return null;
        }
        default -> {
          return null;
        }
      }
    }
    return between(from, to);
  }

  /** @param from, to null for no bound; both inclusive */
  private Map<Object, Set<Object>> between(Object from, Object to) {
    if (from == null) return to == null ? positions : positions.headMap(to, true);
    if (to == null) return positions.tailMap(from, true);
    return positions.comparator().compare(from, to) > 0 ? Map.of() : positions.subMap(from, true, to, true);
  }

  private static boolean isExpression(Object condition) {
    return condition instanceof Document && ((Document) condition).keySet().stream().anyMatch(key -> key.startsWith("$"));
  }

  private static Object normalized(Object value) {
    return new KeyValue(value).normalized().get(0);
  }

  @Override
  public void add(Document document, Object position, MongoCollection<Object> collection) {
    Object value = Utils.getSubdocumentValueCollectionAware(document, field);
    if (value instanceof Missing) return;
    if (value instanceof Collection) hasArrays = true;
    else positions.computeIfAbsent(normalized(value), key -> new LinkedHashSet<>()).add(position);
  }

  @Override
  public Object remove(Document document) {
    Object value = Utils.getSubdocumentValueCollectionAware(document, field);
    if (value instanceof Missing || value instanceof Collection) return null;
    Object key = normalized(value);
    Set<Object> same = positions.get(key);
    if (same == null) return null;
    same.remove(document.get("_id")); // H2 keeps a document under its id
    if (same.isEmpty()) positions.remove(key);
    return null;
  }

  @Override
  public void updateInPlace(Document before, Document after, Object position, MongoCollection<Object> collection) {
    remove(before);
    add(after, position, collection);
  }

  @Override
  public Object getPosition(Document document) {
    return null;
  }

  @Override
  public void checkAdd(Document document, MongoCollection<Object> collection) {}

  @Override
  public void checkUpdate(Document before, Document after, MongoCollection<Object> collection) {}

  @Override
  public long getCount() {
    return positions.size();
  }

  @Override
  public long getDataSize() {
    return 0;
  }

  @Override
  public void drop() {
    positions.clear();
  }
}
