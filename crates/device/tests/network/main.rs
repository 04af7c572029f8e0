//! A device joins a network over real sockets: our RADIUS and EAP-TLS on the other end, honest,
//! lossy or hostile.

#[cfg(test)]
#[path = "../../../eap/tests/conversation/certificates.rs"]
#[expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]
mod certificates;
#[cfg(test)]
mod server;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use device::access_point::Description;
    use device::access_point::ExchangeError;
    use device::access_point::Medium;
    use device::access_point::SENDS_MAX;
    use device::access_point::Secret;
    use device::network;
    use device::network::Certified;
    use device::network::Error;
    use device::network::Options;
    use device::network::Outcome;
    use device::network::Trusted;
    use eap::failure::CertificateFault;
    use eap::failure::Failure;
    use eap::peer::PeerFailure;
    use eap::settings::TlsVersion;
    use eap::verdict::Alert;
    use radius::packet::ParseError;

    use crate::certificates::DEVICE;
    use crate::certificates::DEVICE_CA;
    use crate::certificates::NOW;
    use crate::certificates::Purpose;
    use crate::certificates::SERVER_CA;
    use crate::certificates::Wish;
    use crate::certificates::authority;
    use crate::server::Behavior;
    use crate::server::SECRET;
    use crate::server::Server;

    const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

    fn options(version: TlsVersion) -> Options {
        let device = DEVICE_CA.issue(&DEVICE);
        Options {
            server: ([127, 0, 0, 1], 0).into(),
            secret: Secret(SECRET.to_vec()),
            name: "anonymous@example.test".to_owned(),
            identity: Some(Certified { chain: device.chain, key: device.key }),
            trusted: Some(Trusted {
                anchors: vec![SERVER_CA.der()],
                names: vec!["radius.example.test".to_owned()],
            }),
            tls_lowest: version,
            tls_highest: version,
            access_point: Description {
                nas_identifier: "lab".to_owned(),
                medium: Medium::Wireless,
                called_station_id: "00-11-22-33-44-55:Example-Secure".to_owned(),
                calling_station_id: "66-77-88-99-AA-BB".to_owned(),
                framed_mtu: 1400,
            },
            fragment_size: 1024,
            patience: Duration::from_secs(5),
        }
    }

    fn join(mut options: Options, behavior: Behavior) -> (Result<Outcome, Error>, u32) {
        let server = Server::start(behavior);
        options.server = server.address;
        let outcome = network::authenticate(&options, NOW);
        (outcome, server.stop())
    }

    fn outcome(options: Options, behavior: Behavior) -> Outcome {
        join(options, behavior).0.unwrap()
    }

    #[test]
    fn a_device_gets_in_and_learns_its_vlan() {
        for version in VERSIONS {
            let outcome = outcome(options(version), Behavior::default());
            assert!(outcome.accepted && outcome.server_verified && outcome.keys_match);
            assert_eq!(outcome.failure, None);
            assert_eq!(outcome.tls_version, Some(version));
            assert_eq!(outcome.vlan.as_deref(), Some("20"));
            assert_eq!(outcome.reply_message.as_deref(), Some("Welcome"));
            let shown: Vec<(&str, &str)> = outcome
                .attributes
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(
                shown,
                [
                    ("Tunnel-Type", "VLAN"),
                    ("Tunnel-Medium-Type", "IEEE-802"),
                    ("Tunnel-Private-Group-Id", "20"),
                    ("Reply-Message", "Welcome"),
                ]
            );
            assert!((4..=6).contains(&outcome.rounds), "{}", outcome.rounds);
        }
    }

    #[test]
    fn a_revoked_device_is_told_by_a_tls_alert() {
        for version in VERSIONS {
            let verdict = Err(Alert::CertificateRevoked);
            let outcome = outcome(options(version), Behavior { verdict, ..Behavior::default() });
            assert!(!outcome.accepted && outcome.server_verified && !outcome.keys_match);
            assert_eq!(outcome.failure, Some(PeerFailure::ServerAlert(44)));
        }
    }

    #[test]
    fn a_device_without_certificate_stays_out() {
        let nobody = Options { identity: None, ..options(TlsVersion::Tls13) };
        let outcome = outcome(nobody, Behavior::default());
        assert_eq!(outcome.failure, Some(PeerFailure::ServerAlert(116)));
    }

    #[test]
    fn a_certificate_without_any_purpose_stays_out() {
        let device = DEVICE_CA.issue(&Wish { purpose: Purpose::Unnamed, ..DEVICE });
        let identity = Some(Certified { chain: device.chain, key: device.key });
        let options = Options { identity, ..options(TlsVersion::Tls13) };
        let outcome = outcome(options, Behavior::default());
        assert_eq!(outcome.failure, Some(PeerFailure::ServerAlert(43)));
    }

    #[test]
    fn a_secret_or_key_is_never_shown() {
        let shown = format!("{:?}", options(TlsVersion::Tls13));
        assert!(shown.contains("Secret(hidden)") && !shown.contains("key"), "{shown}");
    }

    #[test]
    fn a_server_of_another_root_or_name_is_refused() {
        let stranger = authority("Stranger CA");
        let name = || vec!["radius.elsewhere.test".to_owned()];
        for (trusted, fault) in [
            (
                Trusted { anchors: vec![stranger.der()], names: Vec::new() },
                CertificateFault::UnknownIssuer,
            ),
            (
                Trusted { anchors: vec![SERVER_CA.der()], names: name() },
                CertificateFault::WrongName,
            ),
        ] {
            let options = Options { trusted: Some(trusted), ..options(TlsVersion::Tls12) };
            let outcome = outcome(options, Behavior::default());
            assert!(!outcome.accepted && !outcome.server_verified);
            let refusal = PeerFailure::ServerRefused(Failure::Certificate(fault));
            assert_eq!(outcome.failure, Some(refusal));
        }
    }

    #[test]
    fn without_trust_the_server_is_not_verified() {
        let options = Options { trusted: None, ..options(TlsVersion::Tls13) };
        let outcome = outcome(options, Behavior::default());
        assert!(outcome.accepted && !outcome.server_verified && outcome.keys_match);
    }

    #[test]
    fn a_lost_datagram_is_sent_again_byte_for_byte() {
        let patience = Duration::from_millis(150);
        let options = Options { patience, ..options(TlsVersion::Tls13) };
        // The server itself holds every further copy against the first.
        let (outcome, received) =
            join(options, Behavior { deaf_once: true, ..Behavior::default() });
        let outcome = outcome.unwrap();
        assert!(outcome.accepted);
        assert!(received >= 2 * outcome.rounds);
    }

    #[test]
    fn a_silent_server_is_asked_four_times() {
        let patience = Duration::from_millis(20);
        let options = Options { patience, ..options(TlsVersion::Tls13) };
        let (outcome, received) = join(options, Behavior { silent: true, ..Behavior::default() });
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::Exchange(ExchangeError::NoAnswer(_))), "{error}");
        assert_eq!(received, SENDS_MAX);
    }

    #[test]
    fn an_answer_under_another_secret_is_not_believed() {
        let patience = Duration::from_millis(100);
        let options = Options { patience, ..options(TlsVersion::Tls13) };
        let (outcome, _) = join(options, Behavior { forged: true, ..Behavior::default() });
        let error = outcome.unwrap_err();
        let Error::Exchange(ExchangeError::NotBelieved { error, .. }) = error else {
            panic!("{error}")
        };
        assert_eq!(error, ParseError::WrongResponseAuthenticator);
    }

    #[test]
    fn keys_that_differ_are_noticed() {
        let behavior = Behavior { wrong_keys: true, ..Behavior::default() };
        let outcome = outcome(options(TlsVersion::Tls12), behavior);
        assert!(outcome.accepted && !outcome.keys_match);
    }

    #[test]
    fn a_server_that_accepts_before_the_handshake_is_not_believed() {
        let behavior = Behavior { hasty: true, ..Behavior::default() };
        let outcome = outcome(options(TlsVersion::Tls13), behavior);
        assert!(!outcome.accepted && !outcome.server_verified);
        assert_eq!(outcome.failure, Some(PeerFailure::EarlySuccess));
    }

    #[test]
    fn a_key_of_another_certificate_is_noticed_before_anything_is_sent() {
        let mut options = options(TlsVersion::Tls13);
        let other = DEVICE_CA.issue(&DEVICE);
        options.identity.as_mut().unwrap().key = other.key;
        let error = network::authenticate(&options, NOW).unwrap_err();
        assert!(matches!(error, Error::Settings(_)), "{error}");
    }
}
