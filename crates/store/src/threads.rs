//! Production's way to run verbs: one writer thread with group commit, and reader threads.

use crate::db::Db;
use crate::error::{Result, StoreError};
use crate::handle::{Frame, OpenTransaction, TRANSACTION};
use futures::channel::oneshot;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Verbs that share one commit at most: bounds how long the first of them waits.
const GROUP_MAX: usize = 64;

/// A verb that waits for its thread. It runs inside a transaction, or hears why there is none, and answers
/// what is to be told to its caller once that transaction is known to be committed, or not.
type Waiting = Box<dyn FnOnce(Result<&Db>) -> Ran + Send>;

/// A verb that ran: why it failed, if it did, and how to tell its caller.
struct Ran {
    failed: Option<StoreError>,
    tell: Box<dyn FnOnce(Result<()>) + Send>,
}

/// The threads of one store. They end when the last handle is dropped, after what was queued.
pub(crate) struct Threads {
    writer: Option<Sender<Waiting>>,
    readers: Option<Sender<Waiting>>,
    handles: Vec<JoinHandle<()>>,
    place: String,
}

impl Threads {
    pub(crate) fn start(
        writer: Connection,
        readers: Vec<Connection>,
        frame: &Arc<Frame>,
    ) -> Result<Self> {
        let (write, to_write) = mpsc::channel();
        let (read, to_read) = mpsc::channel();
        let to_read = Arc::new(Mutex::new(to_read));
        let mut handles = Vec::new();
        let shared = Arc::clone(frame);
        handles.push(spawn("store-writer", frame, move || {
            write_loop(&writer, &shared, &to_write);
        })?);
        for connection in readers {
            let (shared, queue) = (Arc::clone(frame), Arc::clone(&to_read));
            handles.push(spawn("store-reader", frame, move || {
                read_loop(&connection, &shared, &queue);
            })?);
        }
        Ok(Self {
            writer: Some(write),
            readers: Some(read),
            handles,
            place: frame.place.clone(),
        })
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.send(self.writer.as_ref(), verb).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.send(self.readers.as_ref(), verb).await
    }

    async fn send<T: Send + 'static>(
        &self,
        to: Option<&Sender<Waiting>>,
        verb: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, waiting) = oneshot::channel();
        let packed = pack(verb, answer);
        let queued = to.is_some_and(|queue| queue.send(packed).is_ok());
        let closed = || StoreError::Closed {
            place: self.place.clone(),
        };
        if !queued {
            return Err(closed());
        }
        waiting.await.unwrap_or_else(|_| Err(closed()))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.writer = None;
        self.readers = None;
        let this = std::thread::current().id();
        for handle in self.handles.drain(..) {
            // The last handle may be dropped by a verb, on one of these threads.
            if handle.thread().id() != this {
                let _ = handle.join();
            }
        }
    }
}

fn spawn(
    name: &str,
    frame: &Frame,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>> {
    let named = std::thread::Builder::new().name(name.to_owned());
    named.spawn(work).map_err(|e| StoreError::Io {
        place: frame.place.clone(),
        detail: e.to_string(),
    })
}

fn pack<T: Send + 'static>(
    verb: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    answer: oneshot::Sender<Result<T>>,
) -> Waiting {
    Box::new(move |db| {
        let value = db.and_then(verb);
        Ran {
            failed: value.as_ref().err().cloned(),
            // A caller that has gone away does not need the answer.
            tell: Box::new(move |committed| {
                let _ = answer.send(committed.and(value));
            }),
        }
    })
}

fn write_loop(connection: &Connection, frame: &Frame, queue: &Receiver<Waiting>) {
    while let Ok(first) = queue.recv() {
        let group: Vec<Waiting> = std::iter::once(first)
            .chain(queue.try_iter().take(GROUP_MAX - 1))
            .collect();
        commit_group(connection, frame, group);
    }
}

/// One transaction for the whole group, one savepoint for each verb: a verb that fails leaves the others be. A verb
/// alone needs none, which spares SQLite a copy of every page that it touches.
fn commit_group(connection: &Connection, frame: &Frame, group: Vec<Waiting>) {
    let mut group = group.into_iter();
    let mut ran = Vec::with_capacity(group.len());
    let committed = run_group(connection, frame, &mut group, &mut ran);
    if let Err(error) = &committed {
        ran.extend(group.map(|verb| verb(Err(error.clone()))));
    }
    for one in ran {
        (one.tell)(committed.clone());
    }
}

fn run_group(
    connection: &Connection,
    frame: &Frame,
    group: &mut impl ExactSizeIterator<Item = Waiting>,
    ran: &mut Vec<Ran>,
) -> Result<()> {
    let failed = |e: rusqlite::Error| StoreError::sqlite(&frame.place, &e);
    let open = OpenTransaction::begin(connection, TRANSACTION).map_err(failed)?;
    let alone = group.len() == 1;
    for verb in group {
        if !alone {
            step(connection, "SAVEPOINT verb").map_err(failed)?;
        }
        let one = catch_unwind(AssertUnwindSafe(|| verb(Ok(&frame.db(connection))))).ok();
        let error = one.as_ref().and_then(|one| one.failed.clone());
        let good = one.is_some() && error.is_none();
        ran.extend(one);
        if connection.is_autocommit() {
            // A full disk took the whole transaction back by itself (sqlite.org/lang_transaction.html 3).
            return Err(error.unwrap_or_else(|| StoreError::damaged(&frame.place, "rolled back")));
        }
        match (alone, good) {
            (true, true) => break,
            // The transaction is taken back as it is dropped; why, its verb tells by itself.
            (true, false) => return Ok(()),
            (false, true) => {}
            (false, false) => {
                step(connection, "ROLLBACK TO verb").map_err(failed)?;
            }
        }
        step(connection, "RELEASE verb").map_err(failed)?;
    }
    open.commit().map_err(failed)
}

fn step(connection: &Connection, sql: &str) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute([])
}

fn read_loop(connection: &Connection, frame: &Frame, queue: &Mutex<Receiver<Waiting>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(verb) = next else { return };
        read_one(connection, frame, verb);
    }
}

/// Reads on one snapshot: a verb of several statements sees one state of the store.
fn read_one(connection: &Connection, frame: &Frame, verb: Waiting) {
    let failed = |e: rusqlite::Error| StoreError::sqlite(&frame.place, &e);
    let ran = match connection.execute_batch("BEGIN").map_err(failed) {
        Ok(()) => catch_unwind(AssertUnwindSafe(|| verb(Ok(&frame.db(connection))))).ok(),
        Err(error) => Some(verb(Err(error))),
    };
    let ended = if connection.is_autocommit() {
        Ok(())
    } else {
        connection.execute_batch("COMMIT")
    };
    if let Some(ran) = ran {
        (ran.tell)(ended.map_err(failed));
    }
}

#[cfg(test)]
mod tests;
