import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerException;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.h2.mvstore.MVStore;

/**
 * H2 alone saves what it has once a second, and may save half a command. Here a write is in a journal before it is
 * answered, and the store is saved between two writes only: nothing acknowledged is lost to kill -9, nothing is torn.
 *
 * <p>Repeated writes give what they gave the first time, except for ids and dates that the server itself makes up.
 */
final class JournaledBackend extends H2Backend {
  private static final Set<String> READS =
      Set.of("find", "aggregate", "count", "distinct", "getMore", "killCursors", "ping", "ismaster", "isMaster",
          "buildInfo", "buildinfo", "listIndexes", "listCollections", "listDatabases", "serverStatus", "dbStats",
          "collStats", "getLog", "whatsmyuri", "endSessions", "getParameter");
  private static final long SAVE_AT_BYTES = 16 << 20;
  private static final long SAVE_AFTER_IDLE_MS = 3_000;
  private static final long SAVE_LOOK_MS = 500;

  /** The backend keeps a status for each connection, and refuses what comes without one. */
  private static final Channel NOBODY = new EmbeddedChannel();

  private final ReentrantLock writing = new ReentrantLock();
  /** Names the journal that goes on from what is saved; saved with the data in one step. */
  private final Map<String, Long> saved;
  private final Path folder;
  private Journal journal;
  private long lastWriteAt;

  static JournaledBackend open(Path folder) throws IOException {
    MVStore store =
        new MVStore.Builder()
            .fileName(folder.resolve("data.mv").toString())
            .cacheSize(64) // MB
            .autoCommitDisabled()
            .autoCommitBufferSize(0) // no saving in the middle of a write, however large
            .open();
    store.setRetentionTime(0); // space is used again at once: safe when the process is killed, not when the machine is
    store.setAutoCommitDelay(Integer.MAX_VALUE); // never by itself; but only now is what we save written by other threads
    JournaledBackend backend = new JournaledBackend(store, folder);
    Executors.newSingleThreadScheduledExecutor(JournaledBackend::daemon)
        .scheduleWithFixedDelay(backend::saveWhenDue, SAVE_LOOK_MS, SAVE_LOOK_MS, TimeUnit.MILLISECONDS);
    return backend;
  }

  private JournaledBackend(MVStore store, Path folder) throws IOException {
    super(store);
    this.folder = folder;
    saved = store.openMap("lagscaler.saved");
    journal = new Journal(folder, saved.getOrDefault("journal", 0L));
    journal.forEach(this::repeat);
    while (Journal.exists(folder, journal.number() + 1)) { // killed while what was in the one before was being saved
      journal = new Journal(folder, journal.number() + 1);
      journal.forEach(this::repeat);
    }
    save();
  }

  private void repeat(Document command) {
    try {
      super.handleMessage(new MongoMessage(NOBODY, null, command));
    } catch (MongoServerException refused) {
      // It was refused the first time too.
    } catch (RuntimeException cause) {
      System.out.println("a command of the journal failed, as it may have the first time: " + cause);
    }
  }

  @Override
  protected MongoDatabase openOrCreateDatabase(String name) {
    return IndexedDatabase.open(name, getMvStore(), getCursorRegistry());
  }

  @Override
  public Document handleMessage(MongoMessage message) {
    Document command = message.getDocument();
    if (READS.contains(command.keySet().iterator().next())) return super.handleMessage(message);
    writing.lock();
    try {
      journal.append(command);
      lastWriteAt = System.nanoTime();
      return super.handleMessage(message);
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    } finally {
      writing.unlock();
    }
  }

  /** Writers wait only until what is to be saved is fixed; the old journals go when it is on disk. */
  private void save() throws IOException {
    long next;
    writing.lock();
    try {
      next = journal.number() + 1;
      saved.put("journal", next);
      if (getMvStore().tryCommit() < 0) return; // the store is busy: later
      journal.close();
      journal = new Journal(folder, next);
    } finally {
      writing.unlock();
    }
    getMvStore().getFileStore().executeFileStoreOperation(() -> {}); // waits for all that was begun before
    Journal.deleteBefore(folder, next);
  }

  private void saveWhenDue() {
    try {
      if (isSaveDue()) save();
    } catch (IOException | RuntimeException cause) {
      cause.printStackTrace(); // the journal stays, and saving is tried again
    }
  }

  private boolean isSaveDue() throws IOException {
    writing.lock();
    try {
      long idleMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastWriteAt);
      return journal.size() > SAVE_AT_BYTES || (!journal.isEmpty() && idleMs > SAVE_AFTER_IDLE_MS);
    } finally {
      writing.unlock();
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "save");
    thread.setDaemon(true);
    return thread;
  }
}
