//! Enrollment URLs, compared as servers would.

use super::Gateway;

/// What a URL in a profile is.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// The gateway's, with or without a version behind it.
    Right,
    /// The gateway's, under the other scheme.
    OtherScheme,
    /// Another gateway's.
    OfGateway(String),
    /// Of the same server, and no gateway's.
    NoGateway,
    /// Another server's.
    OtherServer,
    /// No URL of a server at all.
    NotAUrl,
}

struct Parts<'a> {
    is_https: bool,
    server: String,
    path: &'a str,
}

/// Judges a URL.
pub(super) fn judge(url: &str, gateway: &Gateway, others: &[Gateway]) -> Verdict {
    let Some(given) = parts(url) else { return Verdict::NotAUrl };
    let Some(right) = parts(&gateway.url) else { return Verdict::NotAUrl };
    if is_below(given.path, right.path) {
        if given.server == right.server && given.is_https == right.is_https {
            return Verdict::Right;
        }
        if host(&given.server) == host(&right.server) {
            return Verdict::OtherScheme;
        }
    }
    let is_of = |other: &&Gateway| {
        parts(&other.url).is_some_and(|other| {
            host(&other.server) == host(&given.server) && is_below(given.path, other.path)
        })
    };
    match others.iter().find(is_of) {
        Some(other) => Verdict::OfGateway(other.name.clone()),
        None if host(&given.server) == host(&right.server) => Verdict::NoGateway,
        None => Verdict::OtherServer,
    }
}

fn parts(url: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    let is_https = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (server, path) = rest.split_at(end);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let default_port = if is_https { ":443" } else { ":80" };
    let server = server.to_ascii_lowercase();
    let server = server.strip_suffix(default_port).unwrap_or(&server);
    (!server.is_empty()).then(|| Parts {
        is_https,
        server: server.to_owned(),
        path: path.trim_end_matches('/'),
    })
}

/// The server without its port.
fn host(server: &str) -> &str {
    match server.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => server,
    }
}

/// A gateway answers at its path and anywhere below it.
fn is_below(path: &str, gateway: &str) -> bool {
    path.strip_prefix(gateway).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &Verdict) {
        let gateway = |name: &str, url: &str| Gateway { name: name.into(), url: url.into() };
        let ours = gateway("Mosyle", "https://pki.example.org/scep/mosyle");
        let others = [gateway("Jamf", "https://pki.example.org/scep/mosyle-2")];
        assert_eq!(judge(url, &ours, &others), *expected, "{url}");
    }

    #[test]
    fn a_gateway_is_known_by_its_path_with_or_without_a_version() {
        check("https://pki.example.org/scep/mosyle", &Verdict::Right);
        check("https://pki.example.org/scep/mosyle/", &Verdict::Right);
        check("https://PKI.example.org:443/scep/mosyle/p-7", &Verdict::Right);
        check("https://pki.example.org/scep/mosyle/p-7?x", &Verdict::Right);
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        check("http://pki.example.org/scep/mosyle/p-7", &Verdict::OtherScheme);
        check("https://pki.example.org:8443/scep/mosyle", &Verdict::OtherScheme);
        check("https://pki.example.org/scep/mosyle-2", &Verdict::OfGateway("Jamf".into()));
        check("https://pki.example.org/scep/mosyle-3", &Verdict::NoGateway);
        check("https://pki.example.org/scep/Mosyle", &Verdict::NoGateway);
        check("https://pki.example.net/scep/mosyle", &Verdict::OtherServer);
        for none in ["", "pki.example.org", "ldap://x/y", "https:///scep", "://", "https://"] {
            check(none, &Verdict::NotAUrl);
        }
    }
}
