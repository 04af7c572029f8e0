//! What a device makes of a profile, as a Mac does: which certificate it asks for, which network it
//! joins, and whom it trusts there.

mod request;
mod trust;

use pki::name::NameError;
use pki::time::Time;
use profile::apple::key::Deviation;
use profile::inspect;
use profile::inspect::Content;
use profile::inspect::InspectError;
use profile::inspect::Profile;
use profile::inspect::Scep;
use profile::mdm::filling::Filling;
use thiserror::Error;

use crate::enrollment::Order;

pub use request::RETRIES_MAX;
pub use request::RETRY_DELAY_SECONDS_MAX;
pub use trust::Network;

/// Longest profile that is read, in bytes.
pub const PROFILE_BYTES_MAX: usize = inspect::PROFILE_BYTES_MAX;

/// Most values for variables: the longest list of a console has some forty.
pub const VALUES_MAX: usize = 64;

/// Longest variable, in bytes: no console has one half as long.
pub const VARIABLE_BYTES_MAX: usize = 128;

/// Longest value, in bytes: a name of a device or a person is far shorter.
pub const VALUE_BYTES_MAX: usize = 1024;

/// What a profile tells a device to do.
#[derive(Clone, Debug)]
pub struct Instructions {
    /// What the profile is called.
    pub name: String,
    /// Who signed it, from outside to inside.
    pub signers: Vec<String>,
    /// The certificate to ask for.
    pub order: Order,
    /// The network to join, if there is one.
    pub network: Option<Network>,
    /// What is wrong with it or not done here, each a sentence without its full stop.
    pub warnings: Vec<String>,
}

/// A variable that nobody filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unfilled {
    /// The key that it stands in.
    pub place: String,
    /// The variable as it is written.
    pub variable: String,
    /// Whose consoles write variables so.
    pub whose: String,
}

/// Why a device does not install a profile.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// It is none.
    #[error(transparent)]
    Unreadable(#[from] InspectError),
    /// It was changed after it was signed.
    #[error("the signature of {0} does not fit the profile: it was changed after it was signed")]
    Signature(String),
    /// Its time is over.
    #[error("the profile has expired: devices removed it on {0} (RemovalDate)")]
    Expired(String),
    /// A value for a variable cannot be one.
    #[error("{0}")]
    Value(String),
    /// A value for a variable that is not there.
    #[error("the profile has no {0} to fill in")]
    NeverUsed(String),
    /// Variables without a value.
    #[error("variables are not filled in: {}", list(.0))]
    Unfilled(Vec<Unfilled>),
    /// It asks for no certificate.
    #[error(
        "the profile asks for no certificate by SCEP (com.apple.security.scep), so that there is \
         nothing to enroll"
    )]
    NoScep,
    /// The network's certificate does not come from SCEP.
    #[error("the network's PayloadCertificateUUID leads to {0}, and not to a certificate by SCEP")]
    Identity(&'static str),
    /// Nobody can be asked there.
    #[error("URL is \"{0}\", which is no address of a SCEP server")]
    Url(String),
    /// A key that is not made here.
    #[error("Keysize is {0}; keys of 2048, 3072 and 4096 bits are made (Apple's default is 1024)")]
    KeySize(i64),
    /// A fingerprint that is not compared here.
    #[error("CAFingerprint is {0} bytes long; 20 are possible, those of SHA-1")]
    Fingerprint(usize),
    /// The subject cannot be asked for.
    #[error("Subject cannot be asked for: {0}")]
    Subject(#[from] NameError),
    /// No version of TLS in common.
    #[error(
        "TLSMinimumVersion {lowest} and TLSMaximumVersion {highest} leave neither TLS 1.2 nor 1.3"
    )]
    Tls {
        /// The lowest version.
        lowest: String,
        /// The highest version.
        highest: String,
    },
}

fn list(all: &[Unfilled]) -> String {
    let each = |one: &Unfilled| format!("{} in {} ({})", one.variable, one.place, one.whose);
    all.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// Reads a profile as it would be installed now, with these values for its variables.
///
/// # Errors
/// [`ProfileError`] says why a device would not install it, or could do nothing with it.
pub fn read(
    file: &[u8],
    values: &[(String, String)],
    now: Time,
) -> Result<Instructions, ProfileError> {
    check(values)?;
    let profile = inspect::read(file)?;
    let signers = signers(&profile)?;
    if let Some(date) = &profile.removal
        && Time::parse_rfc3339(date).is_some_and(|date| date <= now)
    {
        return Err(ProfileError::Expired(date.clone()));
    }
    let mut warnings: Vec<String> = profile.deviations.iter().map(deviation).collect();
    if !signers.is_empty() && !values.is_empty() {
        let what = "the profile is signed: an MDM could not fill in its variables";
        warnings.push(what.to_owned());
    }
    let (profile, filling) = profile.filled(values);
    let scep = identity(&profile)?;
    filled(&filling, values)?;
    let order = request::order(scep, &mut warnings)?;
    let network = match profile.network() {
        None => {
            warnings.push("the profile joins no network".to_owned());
            None
        }
        Some((_, join)) => Some(trust::network(&profile, join, now, &mut warnings)?),
    };
    besides(&profile, &mut warnings);
    Ok(Instructions { name: profile.name.clone(), signers, order, network, warnings })
}

fn check(values: &[(String, String)]) -> Result<(), ProfileError> {
    let wrong = |what: String| Err(ProfileError::Value(what));
    if values.len() > VALUES_MAX {
        return wrong(format!("{} variables are given, {VALUES_MAX} are possible", values.len()));
    }
    for (place, (variable, value)) in values.iter().enumerate() {
        let shown = variable.escape_debug();
        if variable.is_empty() || variable.len() > VARIABLE_BYTES_MAX {
            return wrong(format!("\"{shown}\" is no variable"));
        }
        if value.len() > VALUE_BYTES_MAX {
            let what = format!("the value of {shown} is longer than {VALUE_BYTES_MAX} bytes");
            return wrong(what);
        }
        if [variable, value].iter().any(|text| text.chars().any(char::is_control)) {
            return wrong(format!("{shown} or its value holds control characters"));
        }
        if values.iter().take(place).any(|(earlier, _)| earlier == variable) {
            return wrong(format!("{shown} is given twice"));
        }
    }
    Ok(())
}

/// Who signed the profile; a device refuses a signature that does not fit.
fn signers(profile: &Profile) -> Result<Vec<String>, ProfileError> {
    let who = |signer: &Option<String>| signer.clone().unwrap_or_else(|| "somebody".to_owned());
    let all = profile.signatures.iter().map(|signature| match signature.fits {
        true => Ok(who(&signature.signer)),
        false => Err(ProfileError::Signature(who(&signature.signer))),
    });
    all.collect()
}

fn deviation(deviation: &Deviation) -> String {
    let Deviation { payload, key, what, is_grave } = deviation;
    let why = if *is_grave { "devices refuse it or pass over it" } else { "devices pass over it" };
    format!("{payload}: {key} {what}; {why}")
}

fn filled(filling: &Filling, values: &[(String, String)]) -> Result<(), ProfileError> {
    let mut unused = values.iter().enumerate().filter(|(place, _)| !filling.used.contains(place));
    if !filling.left.is_empty() {
        let left = filling.left.iter().map(|(place, found)| {
            let labels: Vec<&str> = found.platforms.iter().map(|one| one.label()).collect();
            let (place, variable) = (place.clone(), found.text.clone());
            Unfilled { place, variable, whose: labels.join(" or ") }
        });
        return Err(ProfileError::Unfilled(left.collect()));
    }
    match unused.next() {
        Some((_, (variable, _))) => Err(ProfileError::NeverUsed(variable.clone())),
        None => Ok(()),
    }
}

/// The certificate to ask for: the one that the network shows.
fn identity(profile: &Profile) -> Result<&Scep, ProfileError> {
    let uuid = profile.wifi().and_then(|join| join.identity_uuid.as_deref());
    if let Some(uuid) = uuid {
        match profile.payload(uuid).map(|payload| &payload.content) {
            Some(Content::Scep(scep)) => return Ok(scep),
            Some(Content::Identity) => {
                return Err(ProfileError::Identity("a key that comes from elsewhere"));
            }
            Some(Content::Certificate(_) | Content::Network(_) | Content::Other) => {
                return Err(ProfileError::Identity("a payload without a key"));
            }
            None => return Err(ProfileError::Identity("no payload of this profile")),
        }
    }
    profile.scep().ok_or(ProfileError::NoScep)
}

/// What a Mac would do besides and a simulated device does not.
fn besides(profile: &Profile, warnings: &mut Vec<String>) {
    for payload in &profile.payloads {
        match payload.content {
            Content::Other | Content::Identity => {
                warnings.push(format!("{} is not installed here", payload.title));
            }
            Content::Certificate(_) | Content::Scep(_) | Content::Network(_) => {}
        }
    }
    let count = |is_one: fn(&Content) -> bool| {
        profile.payloads.iter().filter(|payload| is_one(&payload.content)).count()
    };
    let requests = count(|content| matches!(content, Content::Scep(_)));
    if requests > 1 {
        warnings.push(format!("the profile asks for {requests} certificates; one is asked for"));
    }
    let networks = count(|content| matches!(content, Content::Network(_)));
    if networks > 1 {
        warnings.push(format!("the profile joins {networks} networks; the first is joined"));
    }
}
