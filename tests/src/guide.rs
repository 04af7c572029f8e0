//! The guide's set-up, `examples/mosyle.toml`, and what tests change in it.

/// The file as it stands.
pub const GUIDE: &str = include_str!("../../examples/mosyle.toml");

/// Its gateway, and the slug of it.
pub const GATEWAY: &str = "Mosyle";

/// The slug of its gateway.
pub const GATEWAY_SLUG: &str = "mosyle";

/// The secret that its access point shares with the server.
pub const SHARED_SECRET: &str = "a-long-shared-secret-for-the-lab";

/// The name that devices expect of its RADIUS server.
pub const SERVER_NAME: &str = "radius.example.test";

/// How many objects it describes, the organization itself counted.
pub const OBJECTS: u64 = 12;

/// The guide's file with each `(what, replacement)` replaced where it first stands.
#[track_caller]
pub fn with<const N: usize>(changes: [(&str, &str); N]) -> String {
    let mut text = GUIDE.to_owned();
    for (what, replacement) in changes {
        assert!(text.contains(what), "the guide's file says no more: {what}");
        text = text.replacen(what, replacement, 1);
    }
    text
}

/// The guide's file with more behind it.
pub fn and(more: &str) -> String {
    format!("{GUIDE}\n{more}\n")
}

/// The guide's file where a key may have several certificates: for devices that ask for many.
#[track_caller]
pub fn reusing_keys() -> String {
    let template = "certificate_template = \"Mosyle devices\"\n";
    with([(template, &format!("{template}key_reuse = true\n"))])
}

/// The guide's file with other keys for root and issuer, each with the hash that it signs with.
#[track_caller]
pub fn with_keys(root: (&str, &str), issuer: (&str, &str)) -> String {
    let key =
        |(key, hash): (&str, &str)| format!("key = \"{key}\"\nsignature_algorithm = \"{hash}\"");
    with([
        ("generate_ca_for = \"device-and-user-authentication\"   # or radius-server, radsec\n", ""),
        (&key(("rsa-2048", "sha256")), &key(issuer)),
        ("key = \"ecdsa-p384\" ", &format!("{} ", key(root))),
        ("signature_algorithm = \"sha384\"            # sha256 sha384 sha512\n", ""),
    ])
}
