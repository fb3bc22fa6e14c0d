//! The handle: where verbs run. One `Store` for the whole process, cheap to clone.

use crate::content::Shelf;
use crate::db::Db;
use crate::error::{Result, StoreError};
use crate::memory::Borrowed;
use crate::meta::name_instance;
use crate::schema;
use crate::seal::{Plain, Seal};
use crate::threads::Threads;
use model::seam::{Chance, Clock};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The name of the database in its folder.
pub const FILE: &str = "almanac.db";

/// Prepared statements kept per connection: more than there are.
const STATEMENTS_KEPT: usize = 256;

/// How a store carries verbs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the calling thread, on one connection: the simulation, tests, short commands.
    Inline,
    /// Inline, but every verb gives way once before and once after it, so that a crash can fall on either side.
    Stepped,
    /// One writer thread that commits waiting verbs together, and this many readers.
    Threaded { readers: usize },
}

/// What the disk under a store has left; see [`Store::set_disk`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    Roomy,
    Full,
}

/// The memory of Almanac. Every verb is one transaction: all of it is kept, or nothing.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    runner: Runner,
    pub(crate) frame: Arc<Frame>,
    pub(crate) clock: Arc<dyn Clock>,
    folder: Option<PathBuf>,
}

/// What every connection needs beside itself.
pub(crate) struct Frame {
    pub(crate) place: String,
    pub(crate) seal: Arc<dyn Seal>,
    pub(crate) shelf: Shelf,
}

impl Frame {
    pub(crate) fn db<'a>(&'a self, connection: &'a Connection) -> Db<'a> {
        Db {
            connection,
            place: &self.place,
            seal: self.seal.as_ref(),
            shelf: &self.shelf,
        }
    }
}

enum Runner {
    Inline {
        desk: Mutex<Desk>,
        stepped: bool,
        /// Rows that the connection had changed before this store was born.
        changed_before: u64,
        /// Raised while the disk has no room.
        full: AtomicBool,
    },
    Threaded(Threads),
}

/// The one connection of an inline store.
enum Desk {
    File(Connection),
    Memory(Borrowed),
}

impl Desk {
    fn connection(&self) -> &Connection {
        match self {
            Self::File(connection) => connection,
            Self::Memory(borrowed) => borrowed.connection(),
        }
    }

    /// On a full disk what would change a row is undone at its end; what changes none has nothing to write.
    fn write_on<T>(
        &self,
        disk: Disk,
        frame: &Frame,
        verb: impl FnOnce(&Db) -> Result<T>,
    ) -> Result<T> {
        let rows = || self.connection().total_changes();
        let before = rows();
        self.write(frame, |db| {
            let value = verb(db)?;
            if disk == Disk::Full && rows() != before {
                let place = frame.place.clone();
                return Err(StoreError::Full { place });
            }
            Ok(value)
        })
    }

    fn write<T>(&self, frame: &Frame, verb: impl FnOnce(&Db) -> Result<T>) -> Result<T> {
        let words = match self {
            Self::File(_) => TRANSACTION,
            Self::Memory(_) => SAVEPOINT,
        };
        write_now(self.connection(), words, frame, verb)
    }
}

impl Store {
    /// Opens the store in `folder`, or makes one there; blobs are stored as they are.
    pub fn open(
        folder: &Path,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        mode: Mode,
    ) -> Result<Self> {
        Self::open_sealed(folder, clock, chance, mode, Arc::new(Plain))
    }

    /// Opens the store in `folder` with blobs that pass through `seal`.
    pub fn open_sealed(
        folder: &Path,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        mode: Mode,
        seal: Arc<dyn Seal>,
    ) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| StoreError::io(folder, &e))?;
        let path = folder.join(FILE);
        let frame = Arc::new(Frame {
            place: path.display().to_string(),
            seal,
            shelf: Shelf::default(),
        });
        let mut connection = connect(&path, &frame.place)?;
        schema::migrate(&mut connection, &frame.place)?;
        write_now(&connection, TRANSACTION, &frame, |db| {
            name_instance(db, chance.as_ref())
        })?;
        let runner = match mode {
            Mode::Threaded { readers } => {
                let readers = (0..readers.max(1))
                    .map(|_| connect(&path, &frame.place))
                    .collect::<Result<_>>()?;
                Runner::Threaded(Threads::start(connection, readers, &frame)?)
            }
            Mode::Inline | Mode::Stepped => inline(Desk::File(connection), mode),
        };
        let folder = Some(folder.to_owned());
        Ok(Self::of(runner, frame, clock, folder))
    }

    /// A store that lives in memory and is gone with its last handle.
    pub fn in_memory(clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Result<Self> {
        Self::in_memory_with(clock, chance, Mode::Inline, Arc::new(Plain))
    }

    /// As [`Store::in_memory`], with a mode ([`Mode::Threaded`] counts as inline) and a seal.
    pub fn in_memory_with(
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        mode: Mode,
        seal: Arc<dyn Seal>,
    ) -> Result<Self> {
        let frame = Arc::new(Frame {
            place: "in memory".to_owned(),
            seal,
            shelf: Shelf::default(),
        });
        let borrowed = Borrowed::take().map_err(|e| StoreError::sqlite(&frame.place, &e))?;
        let desk = Desk::Memory(borrowed);
        desk.write(&frame, |db| name_instance(db, chance.as_ref()))?;
        Ok(Self::of(inline(desk, mode), frame, clock, None))
    }

    fn of(
        runner: Runner,
        frame: Arc<Frame>,
        clock: Arc<dyn Clock>,
        folder: Option<PathBuf>,
    ) -> Self {
        let inner = Inner {
            runner,
            frame,
            clock,
            folder,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The folder it lives in; `None` in memory.
    pub fn folder(&self) -> Option<&Path> {
        self.inner.folder.as_deref()
    }

    /// Runs `verb` in one writing transaction.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match &self.inner.runner {
            Runner::Inline {
                desk,
                stepped,
                full,
                ..
            } => {
                give_way(*stepped).await;
                let disk = match full.load(Ordering::Relaxed) {
                    true => Disk::Full,
                    false => Disk::Roomy,
                };
                let done = lock(desk).write_on(disk, &self.inner.frame, verb);
                give_way(*stepped).await;
                done
            }
            Runner::Threaded(threads) => threads.write(verb).await,
        }
    }

    /// Runs `verb` on one consistent state of the store; it must only read.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match &self.inner.runner {
            Runner::Inline { desk, stepped, .. } => {
                give_way(*stepped).await;
                verb(&self.inner.frame.db(lock(desk).connection()))
            }
            Runner::Threaded(threads) => threads.read(verb).await,
        }
    }

    /// From here on the disk behaves like this (inline modes only): a store in memory has no disk that could fill, and
    /// the simulation must see what a full one does. SQLite's own answer to it is tested with the writer thread.
    pub fn set_disk(&self, disk: Disk) {
        if let Runner::Inline { full, .. } = &self.inner.runner {
            full.store(disk == Disk::Full, Ordering::Relaxed);
        }
    }

    /// Every row changed since the store was opened, by any verb (inline modes only): what a quiet run must
    /// leave as it was.
    pub fn rows_changed(&self) -> u64 {
        match &self.inner.runner {
            Runner::Inline {
                desk,
                changed_before,
                ..
            } => lock(desk).connection().total_changes() - changed_before,
            Runner::Threaded(_) => 0,
        }
    }
}

fn inline(desk: Desk, mode: Mode) -> Runner {
    Runner::Inline {
        changed_before: desk.connection().total_changes(),
        desk: Mutex::new(desk),
        stepped: mode == Mode::Stepped,
        full: AtomicBool::new(false),
    }
}

/// A verb that panicked rolled its transaction back when it unwound, so the connection is sound.
fn lock(desk: &Mutex<Desk>) -> std::sync::MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn write_now<T>(
    connection: &Connection,
    words: Words,
    frame: &Frame,
    verb: impl FnOnce(&Db) -> Result<T>,
) -> Result<T> {
    let failed = |e: rusqlite::Error| StoreError::sqlite(&frame.place, &e);
    let open = OpenTransaction::begin(connection, words).map_err(failed)?;
    let value = verb(&frame.db(connection))?;
    open.commit().map_err(failed)?;
    Ok(value)
}

/// A transaction that is rolled back unless it was committed.
pub(crate) struct OpenTransaction<'a> {
    connection: &'a Connection,
    words: Words,
    open: bool,
}

/// How one kind of transaction is begun, kept and undone.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    begin: &'static str,
    commit: &'static str,
    undo: &'static str,
}

/// In a file.
pub(crate) const TRANSACTION: Words = Words {
    begin: "BEGIN IMMEDIATE",
    commit: "COMMIT",
    undo: "ROLLBACK",
};

/// In memory, where the whole store is inside one transaction.
const SAVEPOINT: Words = Words {
    begin: "SAVEPOINT verb",
    commit: "RELEASE verb",
    undo: "ROLLBACK TO verb; RELEASE verb",
};

impl<'a> OpenTransaction<'a> {
    pub(crate) fn begin(connection: &'a Connection, words: Words) -> rusqlite::Result<Self> {
        connection.prepare_cached(words.begin)?.execute([])?;
        Ok(Self {
            connection,
            words,
            open: true,
        })
    }

    pub(crate) fn commit(mut self) -> rusqlite::Result<()> {
        let commit = self.words.commit;
        self.connection.prepare_cached(commit)?.execute([])?;
        self.open = false;
        Ok(())
    }
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        // A full disk may have rolled back by itself already; then there is nothing left to do.
        if self.open && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch(self.words.undo);
        }
    }
}

/// Opens one connection as production uses it: a write-ahead log, and every commit on the disk before it
/// counts (sqlite.org/pragma.html#pragma_synchronous). The log is carried over at 32 MiB: a fill writes the same
/// pages again and again, and each is carried over once.
pub(crate) fn connect(path: &Path, place: &str) -> Result<Connection> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        keep_statements(&connection)?;
        connection.execute_batch(
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 8192;
             PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
        )?;
        Ok(connection)
    };
    open().map_err(|e: rusqlite::Error| StoreError::sqlite(place, &e))
}

/// Statements are prepared once and keep their plan. Without the guarantee SQLite prepares a statement again whenever
/// a parameter of its LIMIT, or one that is compared with a partial index, is bound to another value: half of the time
/// of a simulated history (sqlite.org/c3ref/c_dbconfig_defensive.html, SQLITE_DBCONFIG_ENABLE_QPSG).
pub(crate) fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Returns to the executor once, when asked to.
async fn give_way(stepped: bool) {
    let mut waited = !stepped;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
