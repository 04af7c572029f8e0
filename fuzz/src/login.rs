//! Logins: both ends of an EAP-TLS conversation, in memory and always the same.

use std::sync::{Arc, LazyLock};

use eap::{
    peer::{self, Peer},
    session::Session,
    settings::{Identity, Settings, TlsVersion},
    trust::Trust,
    verdict::{Alert, Verdict},
};
use pki::time::Time;

use crate::holder::Holder;

/// The name of the server.
const SERVER: &str = "radius.example.test";

/// Who takes part.
struct House {
    authority: Holder,
    server: Identity,
    device: Identity,
    device_der: Vec<u8>,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let authority = Holder::standalone();
    let server = authority.leaf(SERVER);
    let device = authority.leaf("device.example.test");
    let device_der = device.certificate.der.clone();
    let [server, device] = [server, device].map(|leaf| {
        let key = leaf.key.to_pkcs8();
        Identity::parse(&[leaf.certificate.der], &key).expect("they belong together")
    });
    House { authority, server, device, device_der }
});

/// A memory in which everybody stands well.
#[derive(Debug)]
struct Welcome;

impl Verdict for Welcome {
    fn verdict(&self, _leaf: &[u8], _now: Time) -> Result<(), Alert> {
        Ok(())
    }
}

/// The moment of every login.
pub fn now() -> Time {
    HOUSE.authority.now()
}

/// The certificate of the device.
pub fn device() -> &'static [u8] {
    &HOUSE.device_der
}

/// The server's end, whose Start request carried 1. Nothing is left of earlier ones.
///
/// # Panics
/// The settings are broken.
pub fn session() -> Session {
    let anchors = [HOUSE.authority.certificate.der.clone()];
    let settings = Settings::check(&HOUSE.server, &anchors, TlsVersion::Tls12, TlsVersion::Tls13);
    let settings = settings.expect("they are in order");
    Session::start(&settings, Arc::new(Welcome), 1).expect("they are in order")
}

/// The device's end.
///
/// # Panics
/// The settings are broken.
pub fn peer(version: TlsVersion, fragment_size: usize) -> Peer {
    let anchors = [HOUSE.authority.certificate.der.clone()];
    let trust = Trust::check(&anchors, &[SERVER.to_owned()]).expect("the name is one");
    let settings = peer::Settings {
        name: "anonymous@example.test".to_owned(),
        identity: Some(HOUSE.device.clone()),
        trust,
        lowest: version,
        highest: version,
        fragment_size,
    };
    Peer::start(&settings, now()).expect("they are in order")
}
