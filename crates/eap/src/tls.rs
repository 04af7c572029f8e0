//! What both sides do alike with rustls: its clock, its versions, bytes in and bytes out.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pki::time::Time;
use rustls::ConnectionCommon;
use rustls::Error;
use rustls::ProtocolVersion;
use rustls::SideData;
use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use crate::settings::TlsVersion;

/// Returns the one provider of cryptography.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Lists the versions of rustls between two ends.
pub(crate) fn versions(
    lowest: TlsVersion,
    highest: TlsVersion,
) -> Vec<&'static SupportedProtocolVersion> {
    let table = [
        (TlsVersion::Tls12, &rustls::version::TLS12),
        (TlsVersion::Tls13, &rustls::version::TLS13),
    ];
    let within = table.into_iter().filter(|(version, _)| (lowest..=highest).contains(version));
    within.map(|(_, version)| version).collect()
}

/// Names the version that a handshake agreed on.
pub(crate) fn version<Side>(connection: &ConnectionCommon<Side>) -> Option<TlsVersion> {
    let version = connection.protocol_version()?;
    if version == ProtocolVersion::TLSv1_2 {
        Some(TlsVersion::Tls12)
    } else if version == ProtocolVersion::TLSv1_3 {
        Some(TlsVersion::Tls13)
    } else {
        None
    }
}

/// Translates a moment; none before 1970 is known to TLS.
pub(crate) fn unix_time(time: Time) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(time.0).unwrap_or(0)))
}

/// The clock of one conversation: it shows what the last step was told.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    pub(crate) fn set(&self, now: Time) {
        self.0.store(unix_time(now).as_secs(), Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Time {
        Time(i64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(i64::MAX))
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(self.now()))
    }
}

/// Gives a whole message to rustls, piece by piece as its buffer takes it.
pub(crate) fn feed<Side: SideData>(
    connection: &mut ConnectionCommon<Side>,
    mut message: &[u8],
) -> Result<(), Error> {
    while !message.is_empty() {
        let read = connection.read_tls(&mut message);
        connection.process_new_packets()?;
        match read {
            Ok(1..) => {}
            Ok(0) => return Err(Error::General("bytes after the end of TLS".to_owned())),
            Err(error) => return Err(Error::General(error.to_string())),
        }
    }
    Ok(())
}

/// Takes everything that rustls wants to send.
pub(crate) fn drain<Side: SideData>(connection: &mut ConnectionCommon<Side>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        if connection.write_tls(&mut bytes).is_err() {
            break;
        }
    }
    bytes
}
