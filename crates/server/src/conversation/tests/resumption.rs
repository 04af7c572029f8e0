//! Devices that come back: resumed with every shard, and judged anew every time.

use actions::certificate::issue;
use domain::certificate::RevocationReason;
use domain::claim::Claim;
use domain::event::Shown;
use eap::peer;
use eap::peer::Peer;
use eap::peer::Reaction;
use eap::settings::Identity;
use eap::trust::Trust;
use pki::csr::Csr;
use pki::csr::Strictness;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use serde_json::json;

use super::*;

const GATEWAY: &str = "Mosyle";

const STATION: &str = "02-00-00-00-00-01";

const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

/// A device with a certificate of the gateway.
pub(super) struct Device {
    pub(super) peer: Peer,
    serial: Serial,
}

impl Fixture {
    pub(super) async fn device(&self, version: TlsVersion) -> Device {
        self.device_that(version, Trust::Unverified).await
    }

    /// A device that judges servers so.
    pub(super) async fn device_that(&self, version: TlsVersion, trust: Trust) -> Device {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let subject = Name::parse_text("CN=C02XK1ZZJGH5").unwrap();
        let der = pki::csr::build(&key, &subject, &[], None).unwrap();
        let csr = Csr::parse(&der, Strictness::Strict).unwrap();
        let challenge = Some(self.secret.clone());
        let transaction = format!("{:02x?}", key.public_key().identifier());
        let claim = Claim { csr, challenge, renews: None, rendering: None, transaction };
        let gateway = Actor::gateway(GATEWAY);
        let issued = issue::issue(&self.app, &gateway, GATEWAY, &claim).await.unwrap();
        let serial = Certificate::parse(&issued.der).unwrap().serial;
        let settings = peer::Settings {
            name: "host/x".to_owned(),
            identity: Some(Identity::parse(&[issued.der], &key.to_pkcs8()).unwrap()),
            trust,
            lowest: version,
            highest: version,
            fragment_size: 1390,
        };
        let peer = Peer::start(&settings, self.app.snapshot.world().time()).unwrap();
        Device { peer, serial }
    }

    async fn revoke(&self, device: &Device) {
        let reason = RevocationReason::KeyCompromise;
        let owner = Actor::owner("test");
        actions::certificate::revocation::revoke(&self.app, &owner, &device.serial, reason)
            .await
            .unwrap();
    }

    /// Joins; whether the device is in. It is revoked while it waits for the reply of this number.
    async fn join_revoked_at(&mut self, device: &mut Device, round: u32) -> bool {
        device.peer = device.peer.again(self.app.snapshot.world().time()).unwrap();
        let identity = packet::identity_response(1, b"host/x");
        let mut reply = self.ask((STATION, 1), None, &identity).unwrap();
        for rounds in 1.. {
            if rounds == round {
                self.revoke(device).await;
            }
            let eap = reply.eap_message().unwrap();
            let reaction = device.peer.respond(&eap);
            if reply.code() != Code::AccessChallenge {
                let accepted = reply.code() == Code::AccessAccept;
                assert_eq!(matches!(reaction, Reaction::Success(_)), accepted, "{reaction:?}");
                return accepted;
            }
            let Reaction::Answer(answer) = reaction else { panic!("{reaction:?}") };
            let state = reply.state().unwrap().to_vec();
            reply = self.ask((STATION, 1), Some(&state), &answer).unwrap();
        }
        unreachable!("the rounds are bounded")
    }

    async fn join(&mut self, device: &mut Device) -> bool {
        self.join_revoked_at(device, u32::MAX).await
    }

    /// What is remembered of each visit, sorted: whether it was resumed, and the code of a refusal.
    pub(super) async fn visits(&self) -> Vec<(Option<bool>, Option<String>)> {
        let visits = self.events().await.into_iter().filter(|event| event.kind == "network.access");
        let shown = |event: Shown| {
            let resumed = event.details.get("resumed").and_then(serde_json::Value::as_bool);
            (resumed, event.reason.map(|reason| reason.code))
        };
        let mut visits: Vec<_> = visits.map(shown).collect();
        visits.sort();
        visits
    }
}

#[tokio::test]
async fn a_device_that_comes_back_is_resumed_with_whichever_shard_it_meets() {
    for version in VERSIONS {
        let mut fixture = Fixture::new().await;
        let mut device = fixture.device(version).await;
        for shard in [1, 2, 0, 1] {
            let known = &fixture.conversations;
            fixture.conversations = Conversations::new(
                Arc::clone(&known.snapshot),
                Arc::clone(&known.cookies),
                Arc::clone(&known.handshakes),
                (shard, 3),
            );
            assert!(fixture.join(&mut device).await);
            fixture.check(0);
        }
        let expected = [false, true, true, true].map(|resumed| (Some(resumed), None));
        assert_eq!(fixture.visits().await, expected);
    }
}

#[tokio::test]
async fn a_device_revoked_in_between_is_refused_as_revoked() {
    for version in VERSIONS {
        let mut fixture = Fixture::new().await;
        let mut device = fixture.device(version).await;
        assert!(fixture.join(&mut device).await);
        assert!(fixture.join(&mut device).await);
        fixture.revoke(&device).await;
        for _ in 0..2 {
            assert!(!fixture.join(&mut device).await);
        }
        let revoked = (None, Some("CERT-REVOKED".to_owned()));
        let visits = [revoked.clone(), revoked, (Some(false), None), (Some(true), None)];
        assert_eq!(fixture.visits().await, visits);
    }
}

#[tokio::test]
async fn a_device_revoked_while_it_resumes_is_refused_before_the_confirmation() {
    let mut fixture = Fixture::new().await;
    let mut device = fixture.device(TlsVersion::Tls13).await;
    assert!(fixture.join(&mut device).await);
    // Start, then the server's half of the resumed handshake.
    assert!(!fixture.join_revoked_at(&mut device, 2).await);
    let visits = [(None, Some("CERT-REVOKED".to_owned())), (Some(false), None)];
    assert_eq!(fixture.visits().await, visits);
}

#[tokio::test]
async fn new_rules_are_asked_at_a_resumption_and_sessions_live_on() {
    for version in VERSIONS {
        let mut fixture = Fixture::new().await;
        let mut device = fixture.device(version).await;
        assert!(fixture.join(&mut device).await);
        let mut document: serde_json::Value = toml::from_str(MOSYLE).unwrap();
        document["network_policy"][0]["settings"] = json!({ "access": "refuse" });
        let application = Application { document, ..Application::default() };
        let owner = Actor::owner("test");
        actions::organization::apply(&fixture.app, &owner, application).await.unwrap();
        let refused = |resumed| (Some(resumed), Some("POL-REFUSED".to_owned()));
        assert!(!fixture.join(&mut device).await);
        assert_eq!(fixture.visits().await, [(Some(false), None), refused(true)]);
        // Whoever was denied proves the key again.
        assert!(!fixture.join(&mut device).await);
        let visits = [(Some(false), None), refused(false), refused(true)];
        assert_eq!(fixture.visits().await, visits);
    }
}
