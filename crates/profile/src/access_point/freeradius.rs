//! FreeRADIUS 3 as a proxy between access points and this server.

use core::net::IpAddr;

use crate::access_point;
use crate::access_point::RadiusServer;
use crate::complaint::Complaint;

/// What the names of servers and pools begin with.
const NAME: &str = "safeconduct";

/// A part of `proxy.conf`. A secret stands in quotes, in which a dollar sign begins a variable and
/// is not to be written otherwise.
pub(super) fn configuration(server: &RadiusServer) -> Result<String, Vec<Complaint>> {
    access_point::without("FreeRADIUS", &['$'], &[("shared_secret", server.secret())])?;
    let secret = server.secret().replace('\\', "\\\\").replace('"', "\\\"");
    let mut lines =
        vec!["# For proxy.conf of FreeRADIUS 3, in place of its realm DEFAULT.".to_owned()];
    // Over UDP the two kinds have ports of their own, over TLS they share one.
    let kinds = match server.radsec_port {
        None => vec![("auth", "auth", server.auth_port), ("acct", "acct", server.acct_port)],
        Some(port) => vec![("radsec", "auth+acct", port)],
    };
    for (kind, kind_type, port) in &kinds {
        for (number, address) in server.numbered() {
            lines.push(format!("home_server {NAME}-{kind}-{number} {{"));
            let family = match address {
                IpAddr::V4(_) => "ipv4addr",
                IpAddr::V6(_) => "ipv6addr",
            };
            lines.push(format!("    type = {kind_type}"));
            lines.push(format!("    {family} = {address}"));
            lines.push(format!("    port = {port}"));
            if server.radsec_port.is_some() {
                tls(&mut lines);
            } else {
                lines.push(format!("    secret = \"{secret}\""));
            }
            lines.push("    status_check = status-server".to_owned());
            lines.push("}".to_owned());
        }
        lines.push(format!("home_server_pool {NAME}-{kind} {{"));
        // A conversation stays with the server that began it.
        lines.push("    type = fail-over".to_owned());
        for (number, _) in server.numbered() {
            lines.push(format!("    home_server = {NAME}-{kind}-{number}"));
        }
        lines.push("}".to_owned());
    }
    lines.push("# Every request goes there, and its realm stays in the name.".to_owned());
    lines.push("realm DEFAULT {".to_owned());
    match server.radsec_port {
        None => {
            lines.push(format!("    auth_pool = {NAME}-auth"));
            lines.push(format!("    acct_pool = {NAME}-acct"));
        }
        Some(_) => lines.push(format!("    pool = {NAME}-radsec")),
    }
    lines.push("    nostrip".to_owned());
    lines.push("}".to_owned());
    Ok(lines.join("\n") + "\n")
}

fn tls(lines: &mut Vec<String>) {
    lines.push("    proto = tcp".to_owned());
    // RFC 6614 2.3: over TLS the secret is always this.
    lines.push("    secret = \"radsec\"".to_owned());
    lines.push("    tls {".to_owned());
    for (name, file) in [
        ("ca_file", "ca.pem"),
        ("certificate_file", "certificate.pem"),
        ("private_key_file", "key.pem"),
    ] {
        lines.push(format!("        {name} = ${{certdir}}/{NAME}/{file}"));
    }
    lines.push("    }".to_owned());
}
