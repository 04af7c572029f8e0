//! What devices are shown: the server certificate of the network that they join.

use actions::server_certificate::renewal;
use actions::server_certificate::switching;
use eap::peer::Reaction;
use eap::trust::Trust;
use serde_json::json;

use super::resumption::Device;
use super::*;

/// The guide's set-up with a second network, whose profile names a second certificate, and a wired
/// one with a third.
async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    let mut document: serde_json::Value = toml::from_str(MOSYLE).unwrap();
    for (name, ssid, host) in
        [("Guests", Some("Guests"), "guests.example.test"), ("Cable", None, "cable.example.test")]
    {
        let mut server = document["server_certificate"][0].clone();
        (server["name"], server["names"]) = (json!(name), json!([host]));
        document["server_certificate"].as_array_mut().unwrap().push(server);
        let mut profile = document["network_profile"][0].clone();
        (profile["name"], profile["server_certificate"]) = (json!(name), json!(name));
        profile["radius_server_names"] = json!([host]);
        match ssid {
            Some(ssid) => profile["ssid"] = json!(ssid),
            None => {
                profile.as_object_mut().unwrap().remove("ssid");
                profile["security_type"] = json!("wired");
            }
        }
        document["network_profile"].as_array_mut().unwrap().push(profile);
    }
    let application = Application { document, ..Application::default() };
    let owner = Actor::owner("test");
    actions::organization::apply(&fixture.app, &owner, application).await.unwrap();
    fixture
}

/// Where a device asks from.
#[derive(Clone, Copy, Default)]
struct Network {
    called: Option<&'static str>,
    port: Option<u32>,
}

impl Fixture {
    fn ask_in(&mut self, network: Network, state: Option<&[u8]>, eap: &[u8]) -> Packet {
        self.asked = self.asked.wrapping_add(1);
        let secret = self.access_point.shared_secret.reveal().as_bytes();
        let mut sent = request::build(self.asked, [self.asked; 16]);
        sent = sent.attribute(number::CALLING_STATION_ID, b"02-00-00-00-00-01").eap_message(eap);
        if let Some(called) = network.called {
            sent = sent.attribute(number::CALLED_STATION_ID, called.as_bytes());
        }
        if let Some(port) = network.port {
            sent = sent.attribute(number::NAS_PORT_TYPE, &port.to_be_bytes());
        }
        if let Some(state) = state {
            sent = sent.attribute(number::STATE, state);
        }
        let sent = sent.finish(secret).unwrap();
        let asked = Asked {
            request: &Packet::parse(&sent, secret).unwrap(),
            access_point: &self.access_point,
            source: ([127, 0, 0, 1], 1000).into(),
            at: self.start + Duration::from_secs(1),
        };
        let reply = self.conversations.resume(&asked).unwrap().finish(secret).unwrap();
        request::verify_reply(&sent, &reply, secret).unwrap()
    }

    /// Joins in a network as a device that accepts this name alone; whether it is in. After the
    /// reply of this number, `meanwhile` happens.
    async fn join_in(
        &mut self,
        device: &mut Device,
        network: Network,
        meanwhile: Option<(u32, &str)>,
    ) -> bool {
        device.peer = device.peer.again(self.app.snapshot.world().time()).unwrap();
        let identity = packet::identity_response(1, b"host/x");
        let mut reply = self.ask_in(network, None, &identity);
        for round in 1..64 {
            if let Some((_, server)) = meanwhile.filter(|(at, _)| *at == round) {
                self.switch(server).await;
            }
            let eap = reply.eap_message().unwrap();
            let reaction = device.peer.respond(&eap);
            if reply.code() != Code::AccessChallenge {
                return reply.code() == Code::AccessAccept;
            }
            let Reaction::Answer(answer) = reaction else { return false };
            let state = reply.state().unwrap().to_vec();
            reply = self.ask_in(network, Some(&state), &answer);
        }
        unreachable!("the rounds are bounded")
    }

    /// A device that accepts one name of a server under the root of now.
    async fn strict_device(&self, name: &str, version: TlsVersion) -> Device {
        let rules = self.app.snapshot.rules();
        let root = rules.slots_of("RADIUS").unwrap().active.root.clone().unwrap();
        let trust = Trust::check(&[root.der], &[name.to_owned()]).unwrap();
        self.device_that(version, trust).await
    }

    async fn switch(&self, server: &str) {
        let owner = Actor::owner("test");
        let order = renewal::Order { next: true };
        renewal::renew(&self.app, &owner, server, order).await.unwrap();
        let order = switching::Order::default();
        switching::switch(&self.app, &owner, server, order).await.unwrap();
    }
}

const SCHOOL: Network =
    Network { called: Some("02-00-00-00-00-AA:Example-Secure"), port: Some(19) };
const GUESTS: Network = Network { called: Some("02-00-00-00-00-AA:Guests"), port: Some(19) };
const CABLE: Network = Network { called: Some("02-00-00-00-00-AA"), port: Some(15) };
const NOWHERE: Network = Network { called: None, port: None };
const UNKNOWN: Network = Network { called: Some("02-00-00-00-00-AA:Elsewhere"), port: Some(19) };

#[tokio::test]
async fn each_network_shows_the_certificate_of_its_profile() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let mut fixture = fixture().await;
        for (name, fits) in [
            ("radius.example.test", [true, false, false, true, true]),
            ("guests.example.test", [false, true, false, false, false]),
            ("cable.example.test", [false, false, true, false, false]),
        ] {
            for (network, fits) in [SCHOOL, GUESTS, CABLE, NOWHERE, UNKNOWN].into_iter().zip(fits) {
                let mut device = fixture.strict_device(name, version).await;
                let joined = fixture.join_in(&mut device, network, None).await;
                assert_eq!(joined, fits, "{name} {:?} {:?}", network.called, network.port);
            }
        }
    }
}

#[tokio::test]
async fn a_session_is_resumed_only_where_its_certificate_is_shown() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let mut fixture = fixture().await;
        let mut device = fixture.device(version).await;
        for network in [SCHOOL, SCHOOL, UNKNOWN, GUESTS, GUESTS] {
            assert!(fixture.join_in(&mut device, network, None).await);
        }
        let visits = fixture.visits().await;
        let resumed = visits.iter().filter(|(resumed, _)| *resumed == Some(true)).count();
        // Guests is another certificate: the handshake there was a whole one.
        assert_eq!((visits.len(), resumed), (5, 3));
    }
}

#[tokio::test]
async fn a_login_under_way_is_not_lost_by_a_switch() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        for round in 1..=4 {
            let mut fixture = fixture().await;
            let mut device = fixture.device(version).await;
            assert!(fixture.join_in(&mut device, SCHOOL, Some((round, "RADIUS"))).await, "{round}");
            assert!(fixture.join_in(&mut device, SCHOOL, None).await);
            assert!(fixture.events().await.iter().any(|event| event.kind == "server.switched"));
        }
    }
}

#[tokio::test]
async fn what_is_shown_elsewhere_lives_on_through_a_switch() {
    let mut fixture = fixture().await;
    let mut device = fixture.device(TlsVersion::Tls13).await;
    assert!(fixture.join_in(&mut device, GUESTS, None).await);
    fixture.switch("RADIUS").await;
    assert!(fixture.join_in(&mut device, GUESTS, None).await);
    let visits = fixture.visits().await;
    assert_eq!(visits, [(Some(false), None), (Some(true), None)]);
}
