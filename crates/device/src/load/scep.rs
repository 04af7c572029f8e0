//! Load for a SCEP server: requests that are made before the clock starts, and certificates that
//! are checked after it has stopped.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pki::certificate::Certificate;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use reqwest::Client;
use scep::client;
use scep::client::Offer;
use scep::client::Randomness;
use scep::client::Reply;
use scep::client::Sent;
use scep::client::Wish;
use tokio::task::JoinSet;

use crate::enrollment;
use crate::enrollment::EnrollError;
use crate::load::CONCURRENCY_MAX;
use crate::load::Clock;
use crate::load::Fault;
use crate::load::Goal;
use crate::load::Progress;
use crate::load::Starter;
use crate::load::Tally;

/// The most requests of one run: each and its answer are kept, some 8 KiB.
pub const REQUESTS_MAX: u32 = 20_000;

/// The most keys: one takes some 100 ms to make.
pub const KEYS_MAX: u16 = 1024;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The Enrollment URL.
    pub url: String,
    /// The challenge, if there is one.
    pub challenge: Option<String>,
    /// The devices' keys: RSA, as SCEP wants it.
    pub key: KeyType,
    /// How many keys are made, at most `KEYS_MAX`; with more requests, several have the same key
    /// and subjects of their own.
    pub keys: u16,
    /// How many requests are under way at once, at most `CONCURRENCY_MAX`.
    pub concurrency: u16,
    /// How many requests there are, at most `REQUESTS_MAX`.
    pub count: u32,
}

/// Requests that are ready to be sent.
#[derive(Debug)]
pub struct Ready {
    concurrency: u16,
    /// How long it took to make the keys.
    pub keys_took: Duration,
    /// How long it took to make the requests.
    pub requests_took: Duration,
    clock: Clock,
    target: Target,
    requests: Vec<Arc<Request>>,
}

/// Where requests go.
#[derive(Clone, Debug)]
struct Target {
    http: Client,
    url: String,
    offer: Offer,
    authorities: Arc<Vec<Certificate>>,
}

#[derive(Debug)]
struct Request {
    sent: Sent,
    key: Arc<PrivateKey>,
}

/// Answers that nobody has looked at.
#[derive(Debug)]
pub struct Answers {
    clock: Clock,
    authorities: Arc<Vec<Certificate>>,
    answers: Vec<Answer>,
    /// How long the run took.
    pub took: Duration,
}

#[derive(Debug)]
struct Answer {
    request: Arc<Request>,
    took: Duration,
    message: Result<Vec<u8>, Fault>,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Certificates, right and wrong, and how long devices waited for them.
    pub tally: Tally,
    /// How long the run took.
    pub took: Duration,
    /// How many different serial numbers the certificates have.
    pub serials: usize,
}

/// Asks the server what it can do and makes keys and requests, on every processor there is.
///
/// # Errors
/// The server does not answer, or no request can be made for it.
pub async fn prepare(plan: Plan, clock: Clock) -> Result<Ready, EnrollError> {
    let http = enrollment::http_client()?;
    let offer = enrollment::capabilities(&http, &plan.url).await?;
    let authorities = enrollment::authorities(&http, &plan.url).await?;
    let target = Target { http, url: plan.url.clone(), offer, authorities: Arc::new(authorities) };
    let made = tokio::task::spawn_blocking(move || make(&plan, target, clock)).await;
    made.map_err(|error| EnrollError::Request(error.to_string()))?
}

fn make(plan: &Plan, target: Target, clock: Clock) -> Result<Ready, EnrollError> {
    let begin = (clock.instant)();
    let count = plan.count.clamp(1, REQUESTS_MAX);
    let keys = u32::from(plan.keys.clamp(1, KEYS_MAX)).min(count);
    let keys =
        parallel(keys, &|_| PrivateKey::generate(plan.key).map(Arc::new).map_err(impossible))?;
    let keys_made = (clock.instant)();
    let run = enrollment::random()?;
    let run = run.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>();
    let requests = parallel(count, &|number| {
        let place = usize::try_from(number).unwrap_or_default() % keys.len();
        let key = keys.get(place).ok_or(EnrollError::NoRecipient)?;
        request(plan, &target, key, &format!("bench-{run}-{number}"), clock)
    })?;
    let requests_took = (clock.instant)().duration_since(keys_made);
    let keys_took = keys_made.duration_since(begin);
    let concurrency = plan.concurrency.clamp(1, CONCURRENCY_MAX);
    Ok(Ready { concurrency, keys_took, requests_took, clock, target, requests })
}

fn request(
    plan: &Plan,
    target: &Target,
    key: &Arc<PrivateKey>,
    name: &str,
    clock: Clock,
) -> Result<Arc<Request>, EnrollError> {
    let recipient = client::recipient(&target.authorities).ok_or(EnrollError::NoRecipient)?;
    let subject = Name::parse_text(&format!("CN={name}")).map_err(impossible)?;
    let names = [GeneralName::Dns(format!("{name}.example.test"))];
    let challenge = plan.challenge.as_deref();
    let wish = Wish { key, subject: &subject, general_names: &names, challenge };
    let randomness = Randomness { serial: enrollment::random()?, nonce: enrollment::random()? };
    let sent = client::request(&wish, recipient, target.offer, (clock.time)(), randomness)
        .map_err(impossible)?;
    Ok(Arc::new(Request { sent, key: Arc::clone(key) }))
}

fn impossible(error: impl std::fmt::Display) -> EnrollError {
    EnrollError::Request(error.to_string())
}

/// Makes so many things, each from its number, on as many threads as there are processors.
fn parallel<T: Send, E: Send>(
    count: u32,
    make: &(impl Fn(u32) -> Result<T, E> + Sync),
) -> Result<Vec<T>, E> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let made: Result<Vec<Vec<T>>, E> = thread::scope(|scope| {
        let numbers = |first| (first..count).step_by(threads);
        let start = |first| scope.spawn(move || numbers(first).map(make).collect());
        let running: Vec<_> = (0..).take(threads).map(start).collect();
        // A thread that panicked shows as things that are missing.
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Ok(Vec::new()))).collect()
    });
    Ok(made?.into_iter().flatten().collect())
}

impl Ready {
    /// Sends every request, so many at once, and keeps the answers.
    pub async fn run(self, progress: Arc<Progress>) -> Answers {
        let Self { clock, target, requests, concurrency, .. } = self;
        let authorities = Arc::clone(&target.authorities);
        let begin = (clock.instant)();
        let count = u64::try_from(requests.len()).unwrap_or(u64::MAX);
        let starter = Arc::new(Starter::new(Goal::Count(count), begin, Arc::clone(&progress)));
        let requests = Arc::new(requests);
        let mut workers = JoinSet::new();
        for _ in 0..concurrency {
            workers.spawn(work(target.clone(), Arc::clone(&requests), Arc::clone(&starter), clock));
        }
        let answers = workers.join_all().await.into_iter().flatten().collect();
        Answers { clock, authorities, answers, took: (clock.instant)().duration_since(begin) }
    }
}

async fn work(
    target: Target,
    requests: Arc<Vec<Arc<Request>>>,
    starter: Arc<Starter>,
    clock: Clock,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    loop {
        let begin = (clock.instant)();
        let number = starter.next(begin).and_then(|number| usize::try_from(number).ok());
        let Some(request) = number.and_then(|number| requests.get(number)) else { break };
        let Target { http, url, offer, .. } = &target;
        let answer = enrollment::deliver(http, url, *offer, &request.sent.message).await;
        let took = (clock.instant)().duration_since(begin);
        match answer {
            Ok(_) => starter.progress.right(),
            Err(_) => starter.progress.wrong(),
        }
        let message = answer.map_err(|error| fault(&error));
        answers.push(Answer { request: Arc::clone(request), took, message });
    }
    answers
}

fn fault(error: &EnrollError) -> Fault {
    let kind = match error {
        EnrollError::Unreachable { .. } => "not reached",
        EnrollError::Status { .. } => "HTTP status",
        EnrollError::TooLong | EnrollError::OtherAuthority(_) | EnrollError::Reply(_) => {
            "answer not believed"
        }
        EnrollError::Refused { .. } => "refused",
        EnrollError::Pending => "pending",
        EnrollError::NoRecipient | EnrollError::Fingerprint { .. } | EnrollError::Request(_) => {
            "not sent"
        }
    };
    (kind, error.to_string())
}

impl Answers {
    /// Checks every answer: signed by the authority, for this request, with a certificate for its
    /// key that leads to the root, is valid now, and has a serial number of its own.
    #[must_use]
    pub fn check(self) -> Report {
        let (answers, clock) = (&self.answers, self.clock);
        let check = |number: u32| {
            let answer = usize::try_from(number).ok().and_then(|number| answers.get(number));
            Ok::<_, ()>(answer.map(|answer| (answer.took, answer.check(&self.authorities, clock))))
        };
        let count = u32::try_from(answers.len()).unwrap_or(u32::MAX);
        let checked = parallel(count, &check).unwrap_or_default();
        let mut report = Report { took: self.took, ..Report::default() };
        let mut serials = HashSet::new();
        for (took, checked) in checked.into_iter().flatten() {
            match checked {
                Ok(certificate) if !serials.insert(certificate.serial.content().to_vec()) => {
                    let said = format!("serial number {}", certificate.serial);
                    report.tally.wrong(("serial number used twice", said));
                }
                Ok(_) => report.tally.right(took),
                Err(fault) => report.tally.wrong(fault),
            }
        }
        report.serials = serials.len();
        report
    }
}

impl Answer {
    fn check(&self, authorities: &[Certificate], clock: Clock) -> Result<Certificate, Fault> {
        let message = self.message.as_ref().map_err(Clone::clone)?;
        let Request { sent, key } = &*self.request;
        let reply = client::parse_reply(message, sent, key, authorities);
        match reply.map_err(|error| ("answer not believed", error.to_string()))? {
            Reply::Issued { certificates } => {
                let found = certificates.into_iter().next();
                let certificate = found.ok_or(("no certificate", String::new()))?;
                let chain = enrollment::chain_of(&certificate, authorities);
                if !chain.last().is_some_and(Certificate::is_self_signed) {
                    let said = format!("issued by {}", certificate.issuer);
                    return Err(("chain leads to no root", said));
                }
                if !certificate.is_valid_at((clock.time)()) {
                    return Err(("not valid now", certificate.not_before.to_rfc3339()));
                }
                Ok(certificate)
            }
            Reply::Failed { fail_info, text } => {
                let reason = fail_info.map_or("no reason", scep::message::FailInfo::name);
                Err(("refused", format!("{reason}: {}", text.unwrap_or_default())))
            }
            Reply::Pending => Err(("pending", "the request is to be approved first".to_owned())),
        }
    }
}
