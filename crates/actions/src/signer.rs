//! The signer: threads of its own that use the authorities' keys, with a bounded queue a key.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;

use pki::draft::SignError;
use pki::key::PrivateKey;
use tokio::sync::oneshot;

/// Most signatures waiting for one key; at 230 µs for RSA-2048, two seconds of work.
pub const QUEUE_MAX: usize = 8192;

/// How long a signature may take, waiting included; a SCEP client gives up soon after.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Most threads; signing is pure computation, and logins need the other cores.
const THREADS_MAX: usize = 4;

/// An authority's key, and how many wait for it.
#[derive(Clone, Debug)]
pub struct SigningKey {
    key: Arc<PrivateKey>,
    waiting: Arc<AtomicUsize>,
}

/// Uses keys on threads of its own. Dropped, the threads end.
#[derive(Debug)]
pub struct Signer {
    jobs: mpsc::Sender<Job>,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// Too many wait for this key, or it took too long.
    #[error("the key is too busy")]
    Busy,
    /// The key did not sign, or not what was asked.
    #[error(transparent)]
    Sign(#[from] SignError),
}

struct Job {
    key: SigningKey,
    work: Box<dyn FnOnce(&PrivateKey) + Send>,
}

impl SigningKey {
    /// A key that nobody waits for yet.
    pub fn new(key: Arc<PrivateKey>) -> Self {
        Self { key, waiting: Arc::default() }
    }

    /// How many wait for it.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The key itself.
    pub fn key(&self) -> &Arc<PrivateKey> {
        &self.key
    }
}

impl Signer {
    /// Starts the threads.
    pub fn start() -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let count = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        for number in 0..count {
            let queue = Arc::clone(&queue);
            let name = format!("signer-{number}");
            let started = thread::Builder::new().name(name).spawn(move || work(&queue));
            if let Err(error) = started {
                tracing::error!(%error, "a signer thread did not start");
            }
        }
        Self { jobs }
    }

    /// Lets a key sign: certificates and lists that were linted, answers of OCSP. Full or late is an
    /// error.
    pub async fn sign<T: Send + 'static>(
        &self,
        key: &SigningKey,
        sign: impl FnOnce(&PrivateKey) -> Result<T, SignError> + Send + 'static,
    ) -> Result<T, SignerError> {
        if key.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE_MAX {
            key.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(SignerError::Busy);
        }
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |key: &PrivateKey| {
            // Nobody waits any more: nothing is signed.
            if !answer.is_closed() && answer.send(sign(key)).is_err() {
                tracing::warn!("a signature was made after its request was given up");
            }
        });
        let job = Job { key: key.clone(), work };
        if self.jobs.send(job).is_err() {
            key.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(SignerError::Busy);
        }
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(signed)) => Ok(signed?),
            Ok(Err(_)) | Err(_) => Err(SignerError::Busy),
        }
    }
}

fn work(queue: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { key, work }) = job else { return };
        key.waiting.fetch_sub(1, Ordering::Relaxed);
        work(&key.key);
    }
}
