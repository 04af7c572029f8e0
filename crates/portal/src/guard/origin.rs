//! Which pages may send requests: ours, and for what changes nothing, anybody's links.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::header::HeaderName;

use super::is_unsafe;
use crate::fault::Fault;
use crate::page::Desk;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a host that is not ours, and a change that another site's page asks for.
pub(super) fn check(request: &Request, desk: &Desk) -> Result<(), Fault> {
    let host = host_of(request).unwrap_or_default();
    if !is_ours(host, desk) {
        return Err(Fault::Form("the portal is not known under this name"));
    }
    if !is_unsafe(request.method()) {
        return Ok(());
    }
    // Browsers say where a request comes from, one way or the other (Fetch Metadata; RFC 6454).
    let headers = request.headers();
    let site = text(headers, &FETCH_SITE);
    let origin = text(headers, &header::ORIGIN);
    let same = match (site, origin) {
        (Some("same-origin"), _) => true,
        (Some(_), _) => false,
        (None, Some(origin)) => origin.strip_prefix("https://") == Some(host),
        (None, None) => false,
    };
    if same { Ok(()) } else { Err(Fault::Form("the request comes from another site's page")) }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn host_of(request: &Request) -> Option<&str> {
    let host = text(request.headers(), &header::HOST);
    host.or_else(|| request.uri().authority().map(|authority| authority.as_str()))
}

/// A page of another site that lets its own name point here must not be taken for ours. Addresses
/// cannot be pointed anywhere.
fn is_ours(host: &str, desk: &Desk) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let rules = desk.app.snapshot.rules();
    let base_url = &rules.organization.settings.base_url;
    let own = base_url.split_once("://").map_or("", |(_, rest)| rest);
    let own = own.split(['/', ':']).next().unwrap_or_default();
    bare.parse::<core::net::IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || (!own.is_empty() && name.eq_ignore_ascii_case(own))
        || desk.settings.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}
