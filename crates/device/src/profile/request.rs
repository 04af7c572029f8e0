//! The certificate that a profile asks for.

use core::time::Duration;

use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::name::Name;
use profile::inspect::Scep;
use profile::network::NameKind;

use super::ProfileError;
use crate::enrollment::Order;

/// The most questions after the first for a certificate that waits for approval: a Mac asks three
/// times if nothing else is said.
pub const RETRIES_MAX: u32 = 10;

/// The longest wait between two questions, in seconds: somebody watches.
pub const RETRY_DELAY_SECONDS_MAX: u64 = 60;

/// Length of a SHA-1 fingerprint.
const FINGERPRINT_BYTES: usize = 20;

/// The bit of Key Usage that lets a key sign.
const SIGNS: i64 = 1;

pub(super) fn order(scep: &Scep, warnings: &mut Vec<String>) -> Result<Order, ProfileError> {
    if !scep.url.starts_with("http://") && !scep.url.starts_with("https://") {
        return Err(ProfileError::Url(scep.url.clone()));
    }
    let key = match scep.key_bits {
        2048 => KeyType::Rsa2048,
        3072 => KeyType::Rsa3072,
        4096 => KeyType::Rsa4096,
        bits => return Err(ProfileError::KeySize(bits)),
    };
    if let Some(fingerprint) = &scep.fingerprint
        && fingerprint.len() != FINGERPRINT_BYTES
    {
        return Err(ProfileError::Fingerprint(fingerprint.len()));
    }
    if scep.fingerprint.is_none() {
        let what = "there is no CAFingerprint: whoever answers is taken for the authority";
        warnings.push(what.to_owned());
    }
    if scep.key_usage & SIGNS == 0 {
        let what = format!(
            "Key Usage is {}, which does not let the key sign, as EAP-TLS asks; it signs here",
            scep.key_usage
        );
        warnings.push(what);
    }
    let (retries, retry_delay) = patience(scep, warnings);
    Ok(Order {
        url: scep.url.trim_end_matches('?').to_owned(),
        challenge: scep.challenge.clone().filter(|challenge| !challenge.is_empty()),
        subject: subject(scep)?,
        names: names(scep, warnings),
        key,
        fingerprint: scep.fingerprint.clone(),
        retries,
        retry_delay,
    })
}

fn patience(scep: &Scep, warnings: &mut Vec<String>) -> (u32, Duration) {
    let retries = u32::try_from(scep.retries).unwrap_or(0);
    let seconds = u64::try_from(scep.retry_delay_seconds).unwrap_or(0);
    if retries > RETRIES_MAX || seconds > RETRY_DELAY_SECONDS_MAX {
        warnings.push(format!(
            "Retries {retries} and RetryDelay {seconds} are more than this device waits: at most \
             {RETRIES_MAX} times {RETRY_DELAY_SECONDS_MAX} seconds"
        ));
    }
    let delay = Duration::from_secs(seconds.min(RETRY_DELAY_SECONDS_MAX));
    (retries.min(RETRIES_MAX), delay)
}

/// The subject, attribute by attribute; whatever could mean something in a name is escaped.
fn subject(scep: &Scep) -> Result<Name, ProfileError> {
    let pairs = scep.subject.iter().map(|(key, value)| {
        let mut text = format!("{key}=");
        for c in value.chars() {
            if !c.is_alphanumeric() {
                text.push('\\');
            }
            text.push(c);
        }
        text
    });
    Ok(Name::parse_text(&pairs.collect::<Vec<_>>().join(","))?)
}

/// The alternative names as they are: MDMs send what is not legal in its kind, and so do devices.
fn names(scep: &Scep, warnings: &mut Vec<String>) -> Vec<GeneralName> {
    let mut names = Vec::new();
    for (kind, value) in &scep.names {
        let value = value.clone();
        if value.is_empty() {
            warnings.push(format!("an alternative name ({kind:?}) is empty and left out"));
            continue;
        }
        names.push(match kind {
            NameKind::Email => GeneralName::Email(value),
            NameKind::Dns => GeneralName::Dns(value),
            NameKind::Uri => GeneralName::Uri(value),
            NameKind::Upn => GeneralName::Upn(value),
        });
    }
    names
}
