//! What authorities say that those below them are for, as the verifiers of rustls take it: an
//! intermediate binds, an anchor binds by its names only.

use eap::failure::CertificateFault;
use eap::failure::Failure;
use eap::peer::PeerFailure;
use eap::settings::TlsVersion;
use eap::trust::Trust;

use crate::certificates::Bounds;
use crate::certificates::DEVICE;
use crate::certificates::DEVICE_CA;
use crate::certificates::Purpose;
use crate::certificates::SERVER;
use crate::certificates::constrained;
use crate::fixture::Scene;

const CLIENTS: Bounds = Bounds { purpose: Purpose::Device, names: None };
const SERVERS: Bounds = Bounds { purpose: Purpose::Server, names: None };
const ELSEWHERE: Bounds = Bounds { purpose: Purpose::Unnamed, names: Some("example.com") };
const HERE: Bounds = Bounds { purpose: Purpose::Server, names: Some("example.test") };

/// A device meets a server below these two authorities, and trusts the root.
fn check(root: Bounds, intermediate: Bounds, fault: Option<CertificateFault>) {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let root = constrained("Root", None, root);
        let intermediate = constrained("Intermediate", Some(&root), intermediate);
        let mut scene = Scene::of(version);
        scene.server = intermediate.issue(&SERVER);
        scene.server.chain.push(intermediate.der());
        scene.trust = Trust::check(&[root.der()], &["radius.example.test".to_owned()]).unwrap();
        match &fault {
            None => drop(scene.play().unwrap()),
            Some(fault) => {
                let (_, device, _) = scene.fail();
                let refused = PeerFailure::ServerRefused(Failure::Certificate(fault.clone()));
                assert_eq!(device, refused, "TLS {version}");
            }
        }
    }
}

#[test]
fn an_intermediate_binds_a_server_to_its_uses() {
    check(Bounds::NONE, SERVERS, None);
    check(Bounds::NONE, CLIENTS, Some(CertificateFault::WrongPurpose));
}

#[test]
fn a_root_does_not_bind_by_its_uses() {
    check(SERVERS, SERVERS, None);
    check(CLIENTS, SERVERS, None);
}

#[test]
fn permitted_names_bind_wherever_they_stand() {
    check(HERE, HERE, None);
    for (root, intermediate) in [(ELSEWHERE, Bounds::NONE), (Bounds::NONE, ELSEWHERE)] {
        let root = constrained("Root", None, root);
        let intermediate = constrained("Intermediate", Some(&root), intermediate);
        let mut scene = Scene::of(TlsVersion::Tls13);
        scene.server = intermediate.issue(&SERVER);
        scene.server.chain.push(intermediate.der());
        scene.trust = Trust::check(&[root.der()], &["radius.example.test".to_owned()]).unwrap();
        let (_, device, _) = scene.fail();
        assert!(matches!(device, PeerFailure::ServerRefused(_)), "{device:?}");
    }
}

/// The server's anchors are the authorities that issue: what a device may do is asked of its own
/// certificate.
#[test]
fn a_device_below_an_authority_for_devices_gets_in() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let mut scene = Scene::of(version);
        scene.device = Some(DEVICE_CA.issue(&DEVICE));
        scene.play().unwrap();
    }
}
