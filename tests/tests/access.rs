//! Network access with `eapol_test`: a device with our certificate is in, whatever its TLS and
//! its fragments; every other is out, and our events say why.

use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::stranger;
use tests::stranger::shown;
use tests::supplicant::Supplicant;

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

#[test]
fn a_device_is_in_with_tls_1_2_and_1_3_and_in_its_vlan() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    for version in VERSIONS {
        let device = Supplicant::new(&identity, &root).tls(version);
        let joined = device.join(lab.radius()).is_in().is_in_vlan("20");
        joined.says(&format!("SSL: Using TLS version TLSv{version}"));
        let event = lab.event(version, |event| event["tls"] == version);
        assert_eq!(event["outcome"], "accepted", "{event:#}");
        assert_eq!(event["object"], format!("certificate:{}", lab.serial("mac-1")));
        assert_eq!(event["policy"], "Mosyle devices to VLAN 20");
        assert_eq!(event["vlan"], "20");
        assert!(event["reason"].is_null());
    }
}

#[test]
fn small_fragments_and_a_small_framed_mtu_get_through() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    for version in VERSIONS {
        let device = Supplicant::new(&identity, &root).tls(version);
        let small = Supplicant { fragment_size: 200, ..device.clone() };
        small.join(lab.radius()).is_in();
        // 12 is Framed-MTU: the server's own packets become as short.
        let narrow = Supplicant { more: &["-N12:d:500"], ..device.clone() };
        narrow.join(lab.radius()).is_in();
        let both = Supplicant { fragment_size: 200, more: &["-N12:d:500"], ..device };
        both.join(lab.radius()).is_in();
    }
}

#[test]
fn several_devices_at_once_are_all_in() {
    let lab = Lab::of_guide();
    let root = lab.radius_root();
    let identities = ["mac-1", "mac-2", "mac-3", "mac-4"].map(|name| lab.enroll(name));
    std::thread::scope(|scope| {
        for (identity, version) in identities.iter().zip(VERSIONS.into_iter().cycle()) {
            let device = Supplicant::new(identity, &root).tls(version);
            let radius = lab.radius();
            scope.spawn(move || device.join(radius).is_in().is_in_vlan("20"));
        }
    });
}

#[test]
fn a_device_with_another_root_breaks_off_and_we_know_why() {
    let lab = Lab::of_guide();
    let identity = lab.enroll("mac-1");
    let root = stranger::foreign_root(&lab.directory);
    for (so_far, version) in VERSIONS.into_iter().enumerate() {
        let device = Supplicant::new(&identity, &root).tls(version);
        device.join(lab.radius()).is_not_in().says("unknown CA");
        lab.refusals("TLS-UNKNOWN-CA", so_far + 1);
    }
}

#[test]
fn a_device_that_expects_another_server_breaks_off_and_we_know_why() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    for (so_far, version) in VERSIONS.into_iter().enumerate() {
        let device = Supplicant::new(&identity, &root).tls(version);
        let device = Supplicant { server_name: "radius.elsewhere.test", ..device };
        device.join(lab.radius()).is_not_in();
        // wpa_supplicant 2.10 sends internal_error (80) about a name that it does not expect.
        let event = lab.refusals("TLS-ALERT", so_far + 1);
        let sentence = json::text(&event, "/reason/sentence");
        assert!(sentence.contains("internal_error"), "{event:#}");
    }
}

#[test]
fn a_revoked_certificate_is_refused() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    Supplicant::new(&identity, &root).join(lab.radius()).is_in();
    let serial = lab.serial("mac-1");
    let revoked = lab.ask(["certificate", "revoke", &serial, "--reason", "keyCompromise"]);
    revoked.succeeded().says("is revoked");
    for (so_far, version) in VERSIONS.into_iter().enumerate() {
        let device = Supplicant::new(&identity, &root).tls(version);
        device.join(lab.radius()).is_refused();
        let event = lab.refusals("CERT-REVOKED", so_far + 1);
        assert!(json::text(&event, "/reason/sentence").contains(&serial), "{event:#}");
    }
    lab.ask(["certificate", "revoke", &serial, "--reason", "keyCompromise"]).refused();
}

#[test]
fn a_certificate_from_elsewhere_is_refused() {
    let lab = Lab::of_guide();
    let (identity, root) = (stranger::foreign_identity(&lab.directory), lab.radius_root());
    for (so_far, version) in VERSIONS.into_iter().enumerate() {
        let device = Supplicant::new(&identity, &root).tls(version);
        device.join(lab.radius()).is_refused();
        let event = lab.refusals("CERT-UNKNOWN-ISSUER", so_far + 1);
        let sentence = json::text(&event, "/reason/sentence");
        assert!(sentence.contains("Foreign Root"), "{event:#}");
    }
}

#[test]
fn a_device_that_no_policy_names_is_refused() {
    let toml = guide::with([(
        "rules = [{ field = \"identity.role\", operator = \"is-one-of\", value = [\"Mosyle devices\"] }]\n\
         [network_policy.settings]",
        "rules = [{ field = \"identity.role\", operator = \"is\", value = \"Others\" }]\n\
         [network_policy.settings]",
    )]) + "\n[[policy_workflow]]\nname = \"Others\"\n";
    let lab = Lab::of(&toml);
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    for (so_far, version) in VERSIONS.into_iter().enumerate() {
        Supplicant::new(&identity, &root).tls(version).join(lab.radius()).is_refused();
        let event = lab.refusals("POL-NO-MATCH", so_far + 1);
        assert!(json::text(&event, "/reason/sentence").contains("Mosyle devices"), "{event:#}");
    }
}

#[test]
fn a_policy_that_refuses_is_named() {
    let first = "[[network_policy]]\nname = \"Closed\"\nrules = [{ field = \"always\" }]\n\
                 [network_policy.settings]\naccess = \"refuse\"\n\n";
    let toml = guide::with([("[[network_policy]]", &format!("{first}[[network_policy]]"))]);
    let lab = Lab::of(&toml);
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    Supplicant::new(&identity, &root).join(lab.radius()).is_refused();
    let event = lab.refusal("POL-REFUSED");
    assert!(json::text(&event, "/reason/sentence").contains("Closed"), "{event:#}");
}

#[test]
fn a_device_that_wants_another_method_is_told_to_use_eap_tls() {
    let lab = Lab::of_guide();
    let methods = [("PEAP", "MSCHAPV2"), ("TTLS", "PAP"), ("PWD", "")];
    for (so_far, (method, inner)) in methods.into_iter().enumerate() {
        let settings = format!(
            "network={{\n key_mgmt=WPA-EAP\n eap={method}\n identity=\"teacher\"\n \
             password=\"a-password\"\n phase2=\"auth={inner}\"\n}}\n"
        );
        lab.directory.write("other.conf", settings);
        let port = lab.radius().rsplit(':').next().unwrap();
        let server = ["-c", "other.conf", "-a", "127.0.0.1", "-p", port, "-t", "30", "-s"];
        let arguments = server.into_iter().chain([guide::SHARED_SECRET]);
        let arguments: Vec<String> = arguments.map(str::to_owned).collect();
        let log = stranger::eapol_test(lab.directory.path(), &arguments).stdout;
        assert!(log.trim_end().ends_with("FAILURE"), "{log}");
        assert!(!log.contains("Access-Accept"), "{log}");
        lab.refusals("EAP-METHOD", so_far + 1);
    }
}

#[test]
fn a_leaf_alone_and_a_leaf_with_its_chain_are_both_in() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    let file = identity.join("certificate.pem");
    let chain = tests::directory::text(&file);
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
    Supplicant::new(&identity, &root).tls("1.3").join(lab.radius()).is_in();
    let leaf = stranger::openssl(["x509", "-in", shown(&file)]).succeeded();
    tests::directory::write(&file, &leaf.stdout);
    Supplicant::new(&identity, &root).tls("1.3").join(lab.radius()).is_in();
    Supplicant::new(&identity, &root).tls("1.2").join(lab.radius()).is_in();
}

#[test]
fn the_closest_access_point_decides_the_secret() {
    let near = "[[access_point]]\nname = \"Near\"\naddress = \"127.0.0.3\"\n\
                shared_secret = \"the-secret-of-the-near-one\"\n";
    let wide = guide::with([("address = \"127.0.0.1/32\"", "address = \"127.0.0.0/8\"")]);
    let lab = Lab::of(&format!("{wide}\n{near}"));
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    let far = Supplicant { more: &["-A127.0.0.2"], ..Supplicant::new(&identity, &root) };
    far.join(lab.radius()).is_in();
    let near = Supplicant { more: &["-A127.0.0.3"], ..far.clone() };
    near.meets_silence(lab.radius());
    let near = Supplicant { shared_secret: "the-secret-of-the-near-one", ..near };
    near.join(lab.radius()).is_in();
    lab.event("the visit", |event| event["access_point"] == "Near");
}

#[test]
fn radclient_is_answered_as_the_rfcs_say() {
    let lab = Lab::of_guide();
    let (authentication, accounting) = (lab.radius(), lab.server().accounting.as_str());
    let start = "Acct-Status-Type = Start\nAcct-Session-Id = \"1\"\nUser-Name = \"mac-1\"\n";
    let start = lab.directory.write("start", start);
    let probe = lab.directory.write("probe", "Message-Authenticator = 0x00\n");
    let password = "User-Name = \"a\"\nUser-Password = \"b\"\nMessage-Authenticator = 0x00\n";
    let password = lab.directory.write("password", password);
    let secret = guide::SHARED_SECRET;
    let ask = stranger::radclient;
    ask(&start, accounting, "acct", secret).succeeded().says("Accounting-Response");
    ask(&probe, authentication, "status", secret).succeeded().says("Access-Accept");
    ask(&password, authentication, "auth", secret).refused().says("Access-Reject");
    lab.refusal("EAP-NONE");
    let other = "another-long-secret-for-the-lab";
    for (attributes, server, kind) in
        [(&start, accounting, "acct"), (&probe, authentication, "status")]
    {
        let silence = ask(attributes, server, kind, other).refused();
        assert!(!silence.stdout.contains("Received"), "{}", silence.stdout);
    }
    lab.refusal("NAS-SECRET-WRONG");
    // Each port has its own kind of packet.
    ask(&start, authentication, "acct", secret).refused();
    ask(&password, accounting, "auth", secret).refused();
    lab.refusal("NAS-MALFORMED");
}

#[test]
fn a_wrong_shared_secret_meets_silence() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    let shared_secret = "another-long-secret-for-the-lab";
    let device = Supplicant { shared_secret, ..Supplicant::new(&identity, &root) };
    device.meets_silence(lab.radius());
    let event = lab.refusal("NAS-SECRET-WRONG");
    assert!(json::text(&event, "/reason/sentence").contains("Loopback"), "{event:#}");
}

#[test]
fn an_unknown_access_point_meets_silence() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    let device = Supplicant { more: &["-A127.0.0.2"], ..Supplicant::new(&identity, &root) };
    device.meets_silence(lab.radius());
    let event = lab.refusal("NAS-UNKNOWN");
    assert!(json::text(&event, "/reason/sentence").contains("127.0.0.2"), "{event:#}");
    // The one that is known is served all the same.
    Supplicant::new(&identity, &root).join(lab.radius()).is_in();
}

#[test]
fn our_own_device_gets_in_and_tells_a_server_that_it_trusts() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    for version in VERSIONS {
        let order = ["--secret", guide::SHARED_SECRET, "--tls", version];
        let unverified = lab.authenticate(&identity, order).succeeded().json();
        assert_eq!(unverified["accepted"], true);
        assert_eq!(unverified["server_verified"], false);
        let [secret, value, tls, version] = order;
        let trust = ["--trust", shown(&root), "--server-name", guide::SERVER_NAME];
        let [with, root, name, expected] = trust;
        let order = [secret, value, tls, version, with, root, name, expected];
        let verified = lab.authenticate(&identity, order).succeeded().json();
        for (field, expected) in [
            ("accepted", true.into()),
            ("server_verified", true.into()),
            ("keys_match", true.into()),
            ("tls", version.into()),
            ("vlan", serde_json::Value::from("20")),
        ] {
            assert_eq!(verified[field], expected, "{field}: {verified:#}");
        }
    }
    let mut text = tests::program::command();
    text.args(["authenticate", "--radius", lab.radius(), "--secret"]);
    text.arg(guide::SHARED_SECRET).arg("--identity").arg(&identity);
    tests::outcome::run(&mut text).succeeded().says("server not verified").says("VLAN 20");
}

#[test]
fn our_own_device_refuses_a_server_that_it_does_not_trust() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    let foreign = stranger::foreign_root(&lab.directory);
    let cases = [
        (&foreign, guide::SERVER_NAME, "TLS-UNKNOWN-CA"),
        (&root, "radius.elsewhere.test", "TLS-BAD-CERTIFICATE"),
    ];
    for (root, name, code) in cases {
        let order = ["--secret", guide::SHARED_SECRET, "--trust", shown(root)];
        let [secret, value, trust, root] = order;
        let order = [secret, value, trust, root, "--server-name", name];
        let refused = lab.authenticate(&identity, order).refused().json();
        assert_eq!(refused["accepted"], false, "{refused:#}");
        assert_eq!(refused["server_verified"], false, "{refused:#}");
        assert!(refused["reason"].is_string(), "{refused:#}");
        // The event tells the conversation: the device says no, and is the last to speak.
        let event = lab.refusal(code);
        let packets = event["packets"].as_array().expect("there are packets").clone();
        let (first, last) = (&packets[0], &packets[packets.len() - 1]);
        assert_eq!(
            (&first["from"], &first["after_ms"]),
            (&serde_json::json!("device"), &serde_json::json!(0)),
            "{event:#}"
        );
        assert_eq!(first["what"], "TLS ClientHello", "{event:#}");
        assert_eq!(last["from"], "device", "{event:#}");
        assert!(packets.iter().any(|one| one["from"] == "server"), "{event:#}");
    }
}

#[test]
fn our_own_device_is_refused_with_what_is_not_ours() {
    let lab = Lab::of_guide();
    let identity = stranger::foreign_identity(&lab.directory);
    let refused = lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).refused().json();
    assert_eq!(refused["accepted"], false, "{refused:#}");
    assert!(refused["vlan"].is_null(), "{refused:#}");
    lab.refusal("CERT-UNKNOWN-ISSUER");
}
