import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.type.DataType;

/** Makes databases that store BSON, and whose indexes serve the queries that one expects them to serve. */
final class IndexedDatabase {
  private final MVStore store;
  private final CursorRegistry cursors;
  /** By collection. */
  private final Map<String, List<Index<Object>>> unique = new HashMap<>();

  private IndexedDatabase(MVStore store, CursorRegistry cursors) {
    this.store = store;
    this.cursors = cursors;
  }

  static MongoDatabase open(String name, MVStore store, CursorRegistry cursors) {
    return new IndexedDatabase(store, cursors).new Database(name);
  }

  private boolean servedByUnique(String collection, Document query) {
    return uniqueOf(collection).stream().anyMatch(index -> index.canHandle(query));
  }

  private List<Index<Object>> uniqueOf(String collection) {
    return unique.computeIfAbsent(collection, key -> new ArrayList<>());
  }

  private <K, V> MVMap<K, V> openMap(String name, DataType<K> keys, DataType<V> values) {
    return store.openMap(name, new MVMap.Builder<K, V>().keyType(keys).valueType(values));
  }

  /**
   * An inner class: the constructor above it calls these methods before fields of its own would be set. The names of the maps
   * are those of H2Database.
   */
  private final class Database extends H2Database {
    Database(String name) {
      super(name, store, cursors);
    }

    @Override
    protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
      String namespace = getFullCollectionNamespace(name);
      MVMap<Object, Document> documents =
          openMap("databases." + namespace, BsonType.values(), BsonType.documents());
      return new H2Collection(this, name, options, documents, store.openMap("meta." + namespace), cursors);
    }

    @Override
    protected Index<Object> openOrCreateUniqueIndex(
        String collection, String name, List<IndexKey> keys, boolean sparse) {
      String map = getFullCollectionNamespace(collection) + "._index_" + name;
      Index<Object> index =
          new UniqueIndex(openMap(map, BsonType.keys(), BsonType.values()), name, keys, sparse);
      uniqueOf(collection).add(index);
      return index;
    }

    @Override
    protected Index<Object> openOrCreateSecondaryIndex(
        String collection, String name, List<IndexKey> keys, boolean sparse) {
      return new SecondaryIndex(name, keys, query -> servedByUnique(collection, query));
    }
  }
}
