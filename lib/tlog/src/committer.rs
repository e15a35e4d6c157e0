//! One writer for many: requests are gathered into batches, each made durable by one sync.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::checkpoint::SignedCheckpoint;
use crate::error::Error;
use crate::log::{Log, MAX_BATCH, Prover, Receipt, Sequencer, check};
use crate::note::SignatureLine;
use crate::publish::{Published, Publisher, Snapshot};
use crate::tile::Resource;

/// The time, which the library does not read itself.
pub trait Clock: Send + Sync {
    /// Since 1970.
    fn now(&self) -> Duration;
}

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of entries that are not acknowledged yet; who comes later waits.
    pub waiting: usize,
    /// Bytes of full bundles that are durable and not written as files yet; above, nothing more is taken until they
    /// are.
    pub unwritten: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { waiting: 32 << 20, unwritten: 64 << 20 }
    }
}

/// What waiting entries are counted in, in bytes.
const UNIT: usize = 1024;
/// How often the clock is looked at while entries wait for a checkpoint.
const LOOK: Duration = Duration::from_millis(20);

struct Request {
    entries: Vec<Vec<u8>>,
    bytes: usize,
    answer: oneshot::Sender<Result<Receipt, Error>>,
    _room: OwnedSemaphorePermit,
}

type Answer = oneshot::Sender<Result<Arc<SignedCheckpoint>, Error>>;

enum Call {
    Append(Request),
    Cosign(u64, Vec<SignatureLine>, Answer),
    Publish(Answer),
    Close(Answer),
}

enum Work {
    Write(Vec<(Resource, Vec<u8>)>),
    Publish { snapshot: Snapshot, now: Duration, closing: bool },
    Cosign(u64, Vec<SignatureLine>, Answer),
}

/// A log on threads of its own: one makes entries durable, one writes files and publishes. Dropping it closes the log
/// and waits for that, as [`Committer::close`] does, and tells nobody how it went.
#[derive(Debug)]
pub struct Committer {
    appender: Appender,
    thread: Option<JoinHandle<()>>,
}

/// A way to append to a log that a [`Committer`] drives; clone it for each writer.
#[derive(Debug, Clone)]
pub struct Appender {
    calls: mpsc::Sender<Call>,
    room: Arc<Semaphore>,
    published: watch::Receiver<Option<Arc<SignedCheckpoint>>>,
    prover: Prover,
}

impl Committer {
    /// Starts the threads.
    pub fn start(log: Log, clock: Arc<dyn Clock>, bounds: Bounds) -> Result<Self, Error> {
        let Log { sequencer, publisher, interval, prover, .. } = log;
        let (calls, inbox) = mpsc::channel();
        let (announce, published) = watch::channel(publisher.published());
        let units = bounds.waiting.max(2 * MAX_BATCH) / UNIT;
        let room = Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS)));
        let (work, works) = mpsc::channel();
        let (done, outcomes) = mpsc::channel();
        let unwritten = Arc::new(AtomicUsize::new(0));
        let owed = Arc::clone(&unwritten);
        let files = spawn("log files", move || write_files(publisher, &works, &done, &owed, &announce))?;
        let writer = Writer {
            sequencer,
            clock,
            interval,
            inbox,
            held: None,
            work,
            outcomes,
            unwritten,
            most_unwritten: bounds.unwritten,
            waiting: None,
            publishing: false,
            asked: Vec::new(),
            failed: None,
        };
        let thread = spawn("log", move || {
            let closing = writer.run();
            // The files are let go before whoever closes is answered: the folder can be opened again.
            let joined = files.join();
            if let Some((answer, outcome)) = closing {
                let outcome = if joined.is_ok() { outcome } else { Err(Error::Closed) };
                let _gone = answer.send(outcome);
            }
        })?;
        let appender = Appender { calls, room, published, prover };
        Ok(Self { appender, thread: Some(thread) })
    }

    /// A way to append.
    pub fn appender(&self) -> Appender {
        self.appender.clone()
    }

    /// Makes durable what waits, publishes it and ends the threads. Blocks until that is done.
    pub fn close(mut self) -> Result<Arc<SignedCheckpoint>, Error> {
        self.end()
    }

    fn end(&mut self) -> Result<Arc<SignedCheckpoint>, Error> {
        let Some(thread) = self.thread.take() else { return Err(Error::Closed) };
        let (answer, outcome) = oneshot::channel();
        let sent = self.appender.calls.send(Call::Close(answer));
        let outcome = sent.ok().and_then(|()| block_on(outcome).ok()).unwrap_or(Err(Error::Closed));
        let _ended = thread.join();
        outcome
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        let _closed = self.end();
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(Error::io(Path::new("thread")))
}

impl Appender {
    /// Appends entries together, and returns once they are durable and have their indexes. Waits for room where too
    /// much waits already. A caller who does not wait for the answer may find the entries in the log all the same.
    pub async fn append(&self, entries: Vec<Vec<u8>>) -> Result<Receipt, Error> {
        let bytes = check(entries.iter().map(Vec::len))?;
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(units).await.map_err(|_| Error::Closed)?;
        let (answer, outcome) = oneshot::channel();
        self.call(Call::Append(Request { entries, bytes, answer, _room: room }))?;
        outcome.await.unwrap_or(Err(Error::Closed))
    }

    /// [`Appender::append`] for a thread that is none of a runtime's.
    pub fn append_blocking(&self, entries: Vec<Vec<u8>>) -> Result<Receipt, Error> {
        block_on(self.append(entries))
    }

    /// The newest checkpoint that was published.
    pub fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.published.borrow().clone()
    }

    /// Waits for a checkpoint that covers so many entries.
    pub async fn published(&self, size: u64) -> Result<Arc<SignedCheckpoint>, Error> {
        let mut published = self.published.clone();
        let covers = |signed: &Option<Arc<SignedCheckpoint>>| {
            signed.as_ref().is_some_and(|signed| signed.checkpoint().size() >= size)
        };
        let signed = published.wait_for(covers).await.map_err(|_| Error::Closed)?;
        signed.clone().ok_or(Error::Closed)
    }

    /// Publishes all that is durable now, without waiting for the interval.
    pub async fn publish(&self) -> Result<Arc<SignedCheckpoint>, Error> {
        let (answer, outcome) = oneshot::channel();
        self.call(Call::Publish(answer))?;
        outcome.await.unwrap_or(Err(Error::Closed))
    }

    /// Adds signatures of others to the published checkpoint where it is still that of this size.
    pub async fn cosign(
        &self,
        size: u64,
        signatures: Vec<SignatureLine>,
    ) -> Result<Arc<SignedCheckpoint>, Error> {
        let (answer, outcome) = oneshot::channel();
        self.call(Call::Cosign(size, signatures, answer))?;
        outcome.await.unwrap_or(Err(Error::Closed))
    }

    /// Answers questions of the tree, entries that no checkpoint covers yet included.
    pub fn prover(&self) -> &Prover {
        &self.prover
    }

    fn call(&self, call: Call) -> Result<(), Error> {
        self.calls.send(call).map_err(|_| Error::Closed)
    }
}

/// What the thread of files tells the one of entries.
enum Outcome {
    Wrote(Result<(), Error>),
    Published(Result<Published, Error>),
}

/// The thread of entries.
struct Writer {
    sequencer: Sequencer,
    clock: Arc<dyn Clock>,
    interval: Duration,
    inbox: mpsc::Receiver<Call>,
    /// A call that came while a batch was gathered, and did not belong to it.
    held: Option<Call>,
    work: mpsc::Sender<Work>,
    outcomes: mpsc::Receiver<Outcome>,
    unwritten: Arc<AtomicUsize>,
    most_unwritten: usize,
    /// When the oldest entry that no checkpoint is being made for came in.
    waiting: Option<Duration>,
    publishing: bool,
    /// Who asked to publish so many entries.
    asked: Vec<(u64, Answer)>,
    /// Why files could not be written when that was last tried.
    failed: Option<Error>,
}

impl Writer {
    /// Serves calls until the log is closed. Gives whoever closed it, and the outcome.
    fn run(mut self) -> Option<(Answer, Result<Arc<SignedCheckpoint>, Error>)> {
        loop {
            let call = match self.held.take() {
                Some(call) => Some(call),
                None if self.waiting.is_some() || self.publishing => match self.inbox.recv_timeout(LOOK) {
                    Ok(call) => Some(call),
                    Err(mpsc::RecvTimeoutError::Timeout) => None,
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                },
                None => match self.inbox.recv() {
                    Ok(call) => Some(call),
                    Err(mpsc::RecvError) => break,
                },
            };
            match call {
                Some(Call::Append(request)) => self.batch(request),
                Some(Call::Cosign(size, signatures, answer)) => {
                    let _gone = self.work.send(Work::Cosign(size, signatures, answer));
                }
                Some(Call::Publish(answer)) => {
                    self.asked.push((self.sequencer.size(), answer));
                    self.publish(false);
                }
                Some(Call::Close(answer)) => return Some((answer, self.close())),
                None => {}
            }
            while let Ok(outcome) = self.outcomes.try_recv() {
                self.finish(outcome);
            }
            if let Some(since) = self.waiting {
                let due = self.clock.now().checked_sub(since).is_none_or(|waited| waited >= self.interval);
                if due {
                    self.publish(false);
                }
            }
        }
        let _nobody_asks = self.close();
        None
    }

    /// Makes durable what has come in, together.
    fn batch(&mut self, first: Request) {
        let mut bytes = first.bytes;
        let mut requests = vec![first];
        while let Ok(call) = self.inbox.try_recv() {
            match call {
                Call::Append(request) if bytes + request.bytes <= MAX_BATCH => {
                    bytes += request.bytes;
                    requests.push(request);
                }
                other => {
                    self.held = Some(other);
                    break;
                }
            }
        }
        let outcome = self.room().and_then(|()| {
            self.sequencer
                .commit(requests.iter().flat_map(|request| request.entries.iter().map(Vec::as_slice)))
        });
        match outcome {
            Ok(receipt) => {
                self.waiting.get_or_insert_with(|| self.clock.now());
                let mut next = receipt.first;
                for Request { entries, answer, .. } in requests {
                    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
                    let _gone = answer.send(Ok(Receipt { first: next, count, size: receipt.size }));
                    next += u64::from(count);
                }
                if let Err(error) = self.sequencer.turn() {
                    self.failed = Some(error);
                }
                self.hand_over();
            }
            Err(error) => {
                for request in requests {
                    let _gone = request.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Hands full files over to be written.
    fn hand_over(&mut self) {
        let files = self.sequencer.drain();
        if !files.is_empty() {
            let bytes = files.iter().map(|(_, bytes)| bytes.len()).sum();
            self.unwritten.fetch_add(bytes, Ordering::Relaxed);
            let _gone = self.work.send(Work::Write(files));
        }
    }

    /// Waits until files are written, where too many are not.
    fn room(&mut self) -> Result<(), Error> {
        while self.unwritten.load(Ordering::Relaxed) > self.most_unwritten {
            if !self.publishing {
                self.publish(false);
            }
            match self.outcomes.recv_timeout(LOOK) {
                Ok(outcome) => self.finish(outcome),
                Err(mpsc::RecvTimeoutError::Timeout) => continue,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(Error::Closed),
            }
            if let Some(error) = &self.failed {
                return Err(Error::Stalled { reason: error.to_string() });
            }
        }
        Ok(())
    }

    /// Has a checkpoint made of all there is, unless one is being made.
    fn publish(&mut self, closing: bool) {
        if self.publishing {
            return;
        }
        self.hand_over();
        let now = self.clock.now();
        let work = Work::Publish { snapshot: self.sequencer.snapshot(), now, closing };
        if self.work.send(work).is_ok() {
            self.publishing = true;
            self.waiting = None;
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::Wrote(outcome) => {
                if outcome.is_err() {
                    // Publishing tries it again.
                    self.waiting.get_or_insert_with(|| self.clock.now());
                }
                self.failed = outcome.err();
                return;
            }
            Outcome::Published(outcome) => {
                self.publishing = false;
                if outcome.is_err() {
                    self.waiting.get_or_insert_with(|| self.clock.now());
                }
                outcome.and_then(|published| self.sequencer.settle(&published).map(|()| published))
            }
        };
        match outcome {
            Ok(published) => {
                self.failed = None;
                let size = published.checkpoint.checkpoint().size();
                let (served, left): (Vec<_>, Vec<_>) =
                    std::mem::take(&mut self.asked).into_iter().partition(|(asked, _)| *asked <= size);
                for (_, answer) in served {
                    let _gone = answer.send(Ok(Arc::clone(&published.checkpoint)));
                }
                self.asked = left;
                if !self.asked.is_empty() {
                    self.publish(false);
                }
            }
            Err(error) => {
                for (_, answer) in std::mem::take(&mut self.asked) {
                    let _gone = answer.send(Err(error.clone()));
                }
                self.failed = Some(error);
            }
        }
    }

    /// Publishes the last entries durably, and lets the write-ahead log go.
    fn close(mut self) -> Result<Arc<SignedCheckpoint>, Error> {
        while self.publishing {
            match self.outcomes.recv() {
                Ok(outcome) => self.finish(outcome),
                Err(mpsc::RecvError) => return Err(Error::Closed),
            }
        }
        let size = self.sequencer.size();
        self.publish(true);
        loop {
            match self.outcomes.recv() {
                Ok(Outcome::Wrote(_)) => {}
                Ok(Outcome::Published(Ok(published))) if published.durable == Some(size) => {
                    self.sequencer.clear()?;
                    return Ok(published.checkpoint);
                }
                Ok(Outcome::Published(Ok(_))) => return Err(Error::Closed),
                Ok(Outcome::Published(Err(error))) => return Err(error),
                Err(mpsc::RecvError) => return Err(Error::Closed),
            }
        }
    }
}

/// The thread of files.
fn write_files(
    mut publisher: Publisher,
    works: &mpsc::Receiver<Work>,
    done: &mpsc::Sender<Outcome>,
    unwritten: &AtomicUsize,
    announce: &watch::Sender<Option<Arc<SignedCheckpoint>>>,
) {
    let mut owed = 0;
    while let Ok(work) = works.recv() {
        let outcome = match work {
            Work::Write(files) => {
                owed += files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
                publisher.add(files);
                Outcome::Wrote(publisher.write())
            }
            Work::Publish { snapshot, now, closing } => Outcome::Published(if closing {
                publisher.sync_next();
                publisher.publish(snapshot, now).and_then(|published| publisher.trim().map(|()| published))
            } else {
                publisher.publish(snapshot, now)
            }),
            Work::Cosign(size, signatures, answer) => {
                let outcome = publisher.cosign(size, signatures);
                if let Ok(signed) = &outcome {
                    announce.send_replace(Some(Arc::clone(signed)));
                }
                let _gone = answer.send(outcome);
                continue;
            }
        };
        if let Outcome::Wrote(Ok(())) | Outcome::Published(Ok(_)) = &outcome {
            unwritten.fetch_sub(std::mem::take(&mut owed), Ordering::Relaxed);
        }
        if let Outcome::Published(Ok(published)) = &outcome {
            announce.send_replace(Some(Arc::clone(&published.checkpoint)));
        }
        if done.send(outcome).is_err() {
            break;
        }
    }
}

/// Runs a future on this thread, which sleeps while it waits.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
