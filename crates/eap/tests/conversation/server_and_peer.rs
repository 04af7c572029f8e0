//! Our server and our device: what must pass, and what must not, for which named reason.

use eap::failure::CertificateFault;
use eap::failure::Failure;
use eap::packet;
use eap::peer::Peer;
use eap::peer::PeerFailure;
use eap::peer::Reaction;
use eap::session;
use eap::session::Kind;
use eap::session::Session;
use eap::session::Step;
use eap::settings::TlsVersion;
use eap::trust::Trust;
use eap::verdict::Alert;
use pki::key::KeyType;
use proptest::prelude::*;

use crate::certificates::DEVICE;
use crate::certificates::DEVICE_CA;
use crate::certificates::NOW;
use crate::certificates::Purpose;
use crate::certificates::SERVER;
use crate::certificates::SERVER_CA;
use crate::certificates::Wish;
use crate::certificates::authority;
use crate::fixture::Memory;
use crate::fixture::Scene;
use crate::fixture::record_types;
use crate::fixture::tls_bytes;
use crate::fixture::trust;

const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

fn check(change: impl Fn(&mut Scene), server: &Failure, device: &PeerFailure) {
    for version in VERSIONS {
        let mut scene = Scene::of(version);
        change(&mut scene);
        let (failure, reaction, _) = scene.fail();
        assert_eq!((&failure, &reaction), (server, device), "TLS {version}");
    }
}

fn check_device(wish: &Wish, fault: CertificateFault, alert: u8) {
    let server = Failure::Certificate(fault);
    check(
        |scene| scene.device = Some(DEVICE_CA.issue(wish)),
        &server,
        &PeerFailure::ServerAlert(alert),
    );
}

#[test]
fn a_device_gets_in_with_both_versions_and_both_kinds_of_key() {
    for version in VERSIONS {
        for key_type in [KeyType::EcdsaP256, KeyType::Rsa2048] {
            let mut scene = Scene::of(version);
            scene.server = SERVER_CA.issue(&Wish { key_type, ..SERVER });
            let device = DEVICE_CA.issue(&Wish { key_type, ..DEVICE });
            scene.device = Some(device.clone());
            let (proof, _, _) = scene.succeed();
            assert_eq!(proof.tls_version, version);
            assert_eq!(proof.kind, Kind::Full);
            assert_eq!([proof.leaf], device.chain.as_slice());
            assert!(proof.cipher_suite.starts_with("TLS"), "{}", proof.cipher_suite);
            assert_eq!(scene.memory.asked(), 1);
        }
    }
}

#[test]
fn the_highest_version_in_common_is_taken() {
    let mut scene = Scene::of(TlsVersion::Tls12);
    scene.device_versions = (TlsVersion::Tls12, TlsVersion::Tls13);
    assert_eq!(scene.succeed().0.tls_version, TlsVersion::Tls13);
    scene.server_versions = (TlsVersion::Tls12, TlsVersion::Tls12);
    assert_eq!(scene.succeed().0.tls_version, TlsVersion::Tls12);
}

#[test]
fn two_conversations_never_share_keys() {
    let scene = Scene::of(TlsVersion::Tls13);
    let ((_, first, _), (_, second, _)) = (scene.succeed(), scene.succeed());
    assert_ne!(first.msk(), second.msk());
    assert_ne!(first.msk(), first.emsk());
    assert_eq!(format!("{first:?}"), "Keys(hidden)");
}

#[test]
fn a_larger_fragment_size_needs_fewer_rounds() {
    let rounds = |size| {
        let mut scene = Scene::of(TlsVersion::Tls13);
        scene.server = SERVER_CA.issue(&Wish { key_type: KeyType::Rsa2048, ..SERVER });
        (scene.server_fragment, scene.device_fragment) = (size, size);
        scene.succeed().2
    };
    assert!(rounds(1400) < rounds(500) && rounds(500) < rounds(200));
    assert!(rounds(1400) <= 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_fragment_sizes_lead_in(server in 0_usize..5000, device in 80_usize..4000) {
        for version in VERSIONS {
            let mut scene = Scene::of(version);
            (scene.server_fragment, scene.device_fragment) = (server, device);
            scene.succeed();
        }
    }
}

#[test]
fn an_expired_certificate_is_refused_as_expired() {
    let wish = Wish { from_days: -60, to_days: -31, ..DEVICE };
    check_device(&wish, CertificateFault::Expired, 45);
}

#[test]
fn whether_a_certificate_that_expired_lately_may_be_used_is_asked_of_the_memory() {
    for version in VERSIONS {
        let mut scene = Scene::of(version);
        scene.device = Some(DEVICE_CA.issue(&Wish { from_days: -60, to_days: -29, ..DEVICE }));
        scene.succeed();
        assert_eq!(scene.memory.asked(), 1);
    }
    check(
        |scene| {
            scene.device = Some(DEVICE_CA.issue(&Wish { from_days: -60, to_days: -1, ..DEVICE }));
            scene.memory = Memory::new(Err(Alert::CertificateExpired));
        },
        &Failure::Refused(Alert::CertificateExpired),
        &PeerFailure::ServerAlert(45),
    );
}

#[test]
fn a_certificate_of_tomorrow_is_refused_as_not_yet_valid() {
    let wish = Wish { from_days: 1, ..DEVICE };
    check_device(&wish, CertificateFault::NotYetValid, 45);
}

#[test]
fn a_server_certificate_does_not_let_a_device_in() {
    let wish = Wish { purpose: SERVER.purpose, ..DEVICE };
    check_device(&wish, CertificateFault::WrongPurpose, 43);
}

#[test]
fn a_certificate_without_any_purpose_does_not_let_a_device_in() {
    let wish = Wish { purpose: Purpose::Unnamed, ..DEVICE };
    check_device(&wish, CertificateFault::WrongPurpose, 43);
}

#[test]
fn the_fragment_size_follows_the_framed_mtu_within_bounds() {
    let check = |framed_mtu, expected| assert_eq!(session::fragment_size(framed_mtu), expected);
    check(None, 1024);
    check(Some(500), 496);
    check(Some(1400), 1396);
    check(Some(9000), 1400);
    check(Some(0), 200);
    check(Some(u32::MAX), 1400);
}

#[test]
fn a_certificate_of_a_stranger_is_refused_as_of_unknown_issuer() {
    let stranger = authority("Stranger CA");
    check(
        |scene| scene.device = Some(stranger.issue(&DEVICE)),
        &Failure::Certificate(CertificateFault::UnknownIssuer),
        &PeerFailure::ServerAlert(48),
    );
}

#[test]
fn an_authority_of_the_same_name_but_another_key_is_a_bad_signature() {
    let impostor = authority("Device CA");
    check(
        |scene| scene.device = Some(impostor.issue(&DEVICE)),
        &Failure::Certificate(CertificateFault::BadSignature),
        &PeerFailure::ServerAlert(51),
    );
}

#[test]
fn a_device_without_certificate_is_told_so() {
    check(|scene| scene.device = None, &Failure::NoCertificate, &PeerFailure::ServerAlert(116));
}

#[test]
fn what_memory_refuses_shows_as_its_alert() {
    for alert in [
        Alert::BadCertificate,
        Alert::CertificateRevoked,
        Alert::CertificateExpired,
        Alert::CertificateUnknown,
        Alert::UnknownCa,
        Alert::AccessDenied,
    ] {
        check(
            |scene| scene.memory = Memory::new(Err(alert)),
            &Failure::Refused(alert),
            &PeerFailure::ServerAlert(alert.number()),
        );
    }
}

#[test]
fn memory_is_not_asked_about_a_certificate_whose_chain_is_not_proved() {
    let mut scene = Scene::of(TlsVersion::Tls12);
    scene.device = Some(DEVICE_CA.issue(&Wish { from_days: -60, to_days: -31, ..DEVICE }));
    scene.fail();
    assert_eq!(scene.memory.asked(), 0);
}

#[test]
fn a_refused_leaf_is_known_after_the_handshake_failed() {
    for version in VERSIONS {
        let mut scene = Scene::of(version);
        scene.memory = Memory::new(Err(Alert::CertificateRevoked));
        let (_, _, leaf) = scene.fail();
        assert_eq!(leaf, scene.device.unwrap().chain.first().cloned());
    }
}

#[test]
fn a_device_that_is_denied_learns_only_that_it_is_out() {
    check(|scene| scene.admit = false, &Failure::Denied, &PeerFailure::Refused);
}

#[test]
fn a_device_refuses_a_server_of_another_root() {
    let stranger = authority("Stranger CA");
    check(
        |scene| scene.trust = Trust::check(&[stranger.der()], &[]).unwrap(),
        &Failure::PeerAlert(48),
        &PeerFailure::ServerRefused(Failure::Certificate(CertificateFault::UnknownIssuer)),
    );
}

#[test]
fn a_device_refuses_a_server_of_another_name() {
    check(
        |scene| scene.trust = trust("radius.elsewhere.test"),
        &Failure::PeerAlert(42),
        &PeerFailure::ServerRefused(Failure::Certificate(CertificateFault::WrongName)),
    );
    check(
        |scene| scene.trust = trust("*.test"),
        &Failure::PeerAlert(42),
        &PeerFailure::ServerRefused(Failure::Certificate(CertificateFault::WrongName)),
    );
}

#[test]
fn a_device_refuses_an_expired_server() {
    let expired = Wish { from_days: -30, to_days: -1, ..SERVER };
    check(
        |scene| scene.server = SERVER_CA.issue(&expired),
        &Failure::PeerAlert(45),
        &PeerFailure::ServerRefused(Failure::Certificate(CertificateFault::Expired)),
    );
}

#[test]
fn a_device_may_accept_one_label_any_name_or_any_server() {
    let any_name = Trust::check(&[SERVER_CA.der()], &[]).unwrap();
    for trust in [trust("*.example.test"), any_name, Trust::Unverified] {
        let mut scene = Scene::of(TlsVersion::Tls13);
        scene.trust = trust;
        scene.succeed();
    }
}

#[test]
fn no_version_in_common_is_named() {
    for (version, other) in
        [(TlsVersion::Tls12, TlsVersion::Tls13), (TlsVersion::Tls13, TlsVersion::Tls12)]
    {
        let mut scene = Scene::of(version);
        scene.server_versions = (other, other);
        let (failure, reaction, _) = scene.fail();
        assert_eq!(failure, Failure::Version);
        assert_eq!(reaction, PeerFailure::ServerAlert(70));
    }
}

/// Plays until the device is proved and returns what the server sent so far.
fn play_to_proof(scene: &Scene) -> (Session, Peer, Vec<u8>) {
    let (mut session, mut peer) = (scene.session(), scene.peer());
    let mut request = packet::start_request(1);
    let mut sent = Vec::new();
    loop {
        let Reaction::Answer(response) = peer.respond(&request) else { panic!("no answer") };
        match session.step(&response, NOW, 1400) {
            Step::Ask(next) => {
                sent.extend_from_slice(tls_bytes(&next));
                request = next;
            }
            Step::Proved(_) => return (session, peer, sent),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_byte_that_means_success_leaves_before_the_decision() {
    let (mut session, _, sent) = play_to_proof(&Scene::of(TlsVersion::Tls12));
    assert!(!sent.is_empty() && record_types(&sent).iter().all(|kind| *kind == 22));
    let Step::Ask(confirmation) = session.confirm() else { panic!("not confirmed") };
    assert_eq!(record_types(tls_bytes(&confirmation)), [20, 22]);

    let (mut session, _, _) = play_to_proof(&Scene::of(TlsVersion::Tls13));
    let Step::Ask(commitment) = session.confirm() else { panic!("not confirmed") };
    // A ticket for the next time, and the byte 0x00 in a record of 23.
    let bytes = tls_bytes(&commitment);
    assert_eq!(record_types(bytes), [23, 23]);
    assert_eq!(bytes[bytes.len() - 23..][..5], [23, 3, 3, 0, 18]);
}

#[test]
fn a_device_does_not_believe_a_success_before_the_confirmation() {
    for version in VERSIONS {
        let (session, mut peer, _) = play_to_proof(&Scene::of(version));
        let reaction = peer.respond(&packet::success(session.identifier()));
        assert_eq!(reaction, Reaction::Failed(PeerFailure::EarlySuccess));
    }
}

#[test]
fn a_session_waits_for_the_decision_and_is_over_after_it() {
    let (mut session, _, _) = play_to_proof(&Scene::of(TlsVersion::Tls13));
    let acknowledgement = [2, session.identifier(), 0, 6, 13, 0];
    assert_eq!(session.step(&acknowledgement, NOW, 1024), Step::Ignored);
    assert_eq!(session.deny(), Step::Failed(Failure::Denied));
    assert_eq!(session.confirm(), Step::Failed(Failure::Unexpected));
    assert_eq!(session.step(&acknowledgement, NOW, 1024), Step::Ignored);
}

#[test]
fn a_device_may_answer_the_confirmation_by_closing() {
    for version in VERSIONS {
        let (mut session, mut peer, _) = play_to_proof(&Scene::of(version));
        let Step::Ask(confirmation) = session.confirm() else { panic!("not confirmed") };
        peer.close();
        let Reaction::Answer(closing) = peer.respond(&confirmation) else { panic!("no answer") };
        assert!(closing.len() > 6);
        let step = session.step(&closing, NOW, 1400);
        assert!(matches!(step, Step::Done(_)), "{step:?}");
    }
}
