//! A device asks for a certificate: SCEP (RFC 8894) over HTTP, as an MDM's profile makes it do.

use core::time::Duration;

use aws_lc_rs::rand;
use pki::certificate::Certificate;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::time::Time;
use reqwest::Client;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use scep::client;
use scep::client::Offer;
use scep::client::Randomness;
use scep::client::Reply;
use scep::client::Wish;
use thiserror::Error;

/// How long a server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest answer that is read, in bytes; a chain of four RSA-4096 certificates stays far below.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// What a device is told to ask for.
#[derive(Clone)]
pub struct Order {
    /// The Enrollment URL.
    pub url: String,
    /// The challenge, if it was given one.
    pub challenge: Option<String>,
    /// The subject.
    pub subject: Name,
    /// The alternative names.
    pub names: Vec<GeneralName>,
    /// The key: RSA, as SCEP wants it.
    pub key: KeyType,
    /// The SHA-1 fingerprint of the last certificate that the server shows, if it is known.
    pub fingerprint: Option<Vec<u8>>,
    /// How often it asks again while the request waits for approval.
    pub retries: u32,
    /// How long it waits before it asks again.
    pub retry_delay: Duration,
}

impl core::fmt::Debug for Order {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Order")
            .field("url", &self.url)
            .field("subject", &self.subject)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// What a device has afterwards.
#[derive(Debug)]
pub struct Enrolled {
    /// Its certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: PrivateKey,
    /// The certificates above it, the issuer first, the root last.
    pub chain: Vec<Certificate>,
    /// The chain's root.
    pub root: Option<Certificate>,
}

/// Why a device has no certificate.
#[derive(Debug, Error)]
pub enum EnrollError {
    /// The server did not answer.
    #[error("{url} does not answer: {source}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What went wrong.
        source: reqwest::Error,
    },
    /// The server answered with something else than SCEP.
    #[error("the server answered {status}: {text}")]
    Status {
        /// The status.
        status: u16,
        /// The first line of the answer.
        text: String,
    },
    /// The answer is longer than anything that a server should say.
    #[error("the answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// No certificate that a request could be encrypted to.
    #[error("the server has no certificate that requests can be encrypted to")]
    NoRecipient,
    /// The authority is another than the one that was told.
    #[error(
        "the server's authority has the fingerprint {found}, and the profile says {expected} \
         (CAFingerprint): nothing was sent"
    )]
    Fingerprint {
        /// The one that was told.
        expected: String,
        /// The one that it has.
        found: String,
    },
    /// A certificate of somebody else stands beside that authority's.
    #[error("{0} does not lead to the authority that the profile names (CAFingerprint)")]
    OtherAuthority(&'static str),
    /// The server refused.
    #[error("the server refused ({}): {}", .fail_info, .text)]
    Refused {
        /// The reason in SCEP's words.
        fail_info: String,
        /// What the server said.
        text: String,
    },
    /// The server wants to be asked again later.
    #[error("the server wants the request to be approved first")]
    Pending,
    /// The request could not be made.
    #[error("the request cannot be made: {0}")]
    Request(String),
    /// The answer is not to be believed.
    #[error("the answer is not to be believed: {0}")]
    Reply(#[from] client::ReplyError),
}

/// Asks for a certificate and checks what comes back.
///
/// # Errors
/// [`EnrollError`] says why there is none.
pub async fn enroll(order: &Order, now: Time) -> Result<Enrolled, EnrollError> {
    let http = http_client()?;
    let offer = capabilities(&http, &order.url).await?;
    let authorities = authorities(&http, &order.url).await?;
    let recipient = client::recipient(&authorities).ok_or(EnrollError::NoRecipient)?;
    let is_known = order.fingerprint.is_some();
    check_fingerprint(order.fingerprint.as_deref(), &authorities)?;
    if is_known && !leads_to_last(recipient, &authorities) {
        return Err(EnrollError::OtherAuthority("the certificate for requests"));
    }
    let key = generate(order.key).await?;
    let wish = Wish {
        key: &key,
        subject: &order.subject,
        general_names: &order.names,
        challenge: order.challenge.as_deref(),
    };
    let server = Server { http, offer, recipient, authorities: &authorities };
    match ask(order, &wish, &server, now).await? {
        Reply::Issued { mut certificates } => {
            if certificates.is_empty() {
                return Err(EnrollError::NoRecipient);
            }
            let certificate = certificates.swap_remove(0);
            if is_known && !leads_to_last(&certificate, &authorities) {
                return Err(EnrollError::OtherAuthority("the certificate that came"));
            }
            let chain = chain_of(&certificate, &authorities);
            let root = chain.last().filter(|last| last.is_self_signed()).cloned();
            Ok(Enrolled { certificate, key, chain, root })
        }
        Reply::Failed { fail_info, text } => Err(EnrollError::Refused {
            fail_info: fail_info.map_or("no reason", scep::message::FailInfo::name).to_owned(),
            text: text.unwrap_or_else(|| "no words".to_owned()),
        }),
        Reply::Pending => Err(EnrollError::Pending),
    }
}

/// Who is asked.
struct Server<'a> {
    http: Client,
    offer: Offer,
    recipient: &'a Certificate,
    authorities: &'a [Certificate],
}

/// Sends the request, and asks again while it waits for approval.
async fn ask(
    order: &Order,
    wish: &Wish<'_>,
    server: &Server<'_>,
    now: Time,
) -> Result<Reply, EnrollError> {
    let Server { http, offer, recipient, authorities } = server;
    let not_made = |error: client::RequestError| EnrollError::Request(error.to_string());
    let randomness = Randomness { serial: random()?, nonce: random()? };
    let mut sent = client::request(wish, recipient, *offer, now, randomness).map_err(not_made)?;
    let mut asked = 0;
    loop {
        let answer = deliver(http, &order.url, *offer, &sent.message).await?;
        let reply = client::parse_reply(&answer, &sent, wish.key, authorities)?;
        if asked == order.retries || !matches!(reply, Reply::Pending) {
            return Ok(reply);
        }
        asked += 1;
        tokio::time::sleep(order.retry_delay).await;
        sent = client::poll(&sent, wish, recipient, *offer, random()?).map_err(not_made)?;
    }
}

/// Whether a certificate is the last of these or comes from it, over authorities alone.
fn leads_to_last(certificate: &Certificate, authorities: &[Certificate]) -> bool {
    let is_authority =
        |above: &Certificate| above.basic_constraints().is_some_and(|(authority, _)| authority);
    let chain = chain_of(certificate, authorities);
    let end = chain.last().unwrap_or(certificate);
    chain.iter().all(is_authority) && authorities.last() == Some(end)
}

/// Whether the last certificate, which is the root's, is the one that was told.
fn check_fingerprint(
    expected: Option<&[u8]>,
    authorities: &[Certificate],
) -> Result<(), EnrollError> {
    let (Some(expected), Some(last)) = (expected, authorities.last()) else { return Ok(()) };
    let found = last.sha1_fingerprint();
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (hex(expected), hex(&found));
    Err(EnrollError::Fingerprint { expected, found })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// What speaks HTTP to one server.
pub(crate) fn http_client() -> Result<Client, EnrollError> {
    Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|error| EnrollError::Request(error.to_string()))
}

/// Sends a message and returns what comes back.
pub(crate) async fn deliver(
    http: &Client,
    url: &str,
    offer: Offer,
    message: &[u8],
) -> Result<Vec<u8>, EnrollError> {
    let address = address(url, "PKIOperation", &offer, message);
    let request =
        if offer.post { http.post(&address).body(message.to_vec()) } else { http.get(&address) };
    bytes(ok(request.send().await, url).await?, url).await
}

/// The certificates above a leaf, as far as the authorities' own list goes.
pub(crate) fn chain_of(leaf: &Certificate, authorities: &[Certificate]) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = Vec::new();
    let mut below = leaf;
    while chain.len() < authorities.len() && !below.is_self_signed() {
        let above = authorities.iter().find(|above| {
            above.subject.der() == below.issuer.der()
                && below.verify_signed_by(&above.public_key).is_ok()
        });
        let Some(above) = above else { break };
        chain.push(above.clone());
        below = above;
    }
    chain
}

async fn generate(key: KeyType) -> Result<PrivateKey, EnrollError> {
    let made = tokio::task::spawn_blocking(move || PrivateKey::generate(key)).await;
    let made = made.map_err(|error| EnrollError::Request(error.to_string()))?;
    made.map_err(|error| EnrollError::Request(error.to_string()))
}

/// What the server says it can do.
pub(crate) async fn capabilities(http: &Client, url: &str) -> Result<Offer, EnrollError> {
    let address = format!("{url}?operation=GetCACaps");
    let response = ok(http.get(&address).send().await, url).await?;
    let text = bytes(response, url).await?;
    Ok(Offer::parse(&String::from_utf8_lossy(&text)))
}

/// The certificates of the server's authority.
pub(crate) async fn authorities(http: &Client, url: &str) -> Result<Vec<Certificate>, EnrollError> {
    let address = format!("{url}?operation=GetCACert");
    let response = ok(http.get(&address).send().await, url).await?;
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let body = bytes(response, url).await?;
    Ok(client::ca_certificates(&body, &kind)?)
}

fn address(url: &str, operation: &str, offer: &Offer, message: &[u8]) -> String {
    if offer.post {
        return format!("{url}?operation={operation}");
    }
    format!("{url}?operation={operation}&message={}", scep::transport::message_to_query(message))
}

async fn ok(
    answered: Result<Response, reqwest::Error>,
    url: &str,
) -> Result<Response, EnrollError> {
    let unreachable = |source| EnrollError::Unreachable { url: url.to_owned(), source };
    let response = answered.map_err(unreachable)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let text = bytes(response, url).await?;
    let text = String::from_utf8_lossy(&text);
    let text = text.lines().next().unwrap_or_default().chars().take(200).collect();
    Err(EnrollError::Status { status, text })
}

async fn bytes(mut response: Response, url: &str) -> Result<Vec<u8>, EnrollError> {
    let unreachable = |source| EnrollError::Unreachable { url: url.to_owned(), source };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(EnrollError::TooLong);
        }
    }
    Ok(body)
}

pub(crate) fn random() -> Result<[u8; 16], EnrollError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes)
        .map_err(|_| EnrollError::Request("the system has no randomness".to_owned()))?;
    Ok(bytes)
}
