//! Access points: whether they were heard, with which secret, and who else sends; and whether their
//! devices can find the way to enroll.

use core::net::IpAddr;

use super::Case;
use super::Report;
use super::check;
use super::counted;
use crate::object::Kind;

pub(super) fn examine(case: &Case<'_>, report: &mut Report) {
    for point in &case.organization.access_point {
        let seen = case.seen.access_points.get(&point.name).cloned().unwrap_or_default();
        let heard_at = seen.heard_at;
        if let Some(at) = seen.secret_wrong_at.filter(|at| heard_at < Some(*at)) {
            let at = at.time().to_rfc3339();
            let what = format!("its last packet, on {at}, was made with another shared secret");
            report.add(&check::ACCESS_POINT_SECRET, point, what);
        }
        if let Some((_, refusal)) = seen.dropped.as_ref().filter(|(at, _)| heard_at < Some(*at)) {
            let what = format!("its packets are dropped: {}", refusal.sentence());
            report.add(&check::ACCESS_POINT_PACKETS, point, what);
        }
        if heard_at.is_none() && seen.secret_wrong_at.is_none() && seen.dropped.is_none() {
            let what = match case.seen.looked_back_to {
                None => "it was never heard from".to_owned(),
                Some(from) => format!("it was not heard from since {}", from.to_rfc3339()),
            };
            report.add(&check::ACCESS_POINT_SILENT, point, what);
        }
    }
    for (address, packets) in &case.seen.unknown_addresses {
        let what = format!(
            "{} came from there, and it is no access point's address",
            counted(*packets, "packet", "packets")
        );
        let check = &check::ADDRESS_UNKNOWN;
        report.add_as(check, check.severity, format!("address:{address}"), what);
    }
    base_url(case, report);
}

/// Devices that join through an access point elsewhere cannot enroll at this machine's own address.
fn base_url(case: &Case<'_>, report: &mut Report) {
    let settings = &case.organization.settings;
    if !is_loopback(host_of(&settings.base_url)) {
        return;
    }
    let points = &case.organization.access_point;
    let elsewhere = points.iter().find(|point| {
        let address = point.address.split('/').next().unwrap_or_default();
        !is_loopback(address)
    });
    if let Some(point) = elsewhere {
        let what = format!(
            "its base_url is {}, which every device takes for itself, and the access point {} is \
             at {}",
            settings.base_url, point.name, point.address
        );
        report.add_named(&check::BASE_URL_LOOPBACK, Kind::Organization, &settings.name, what);
    }
}

/// The host of an address such as `http://host:8080/path`.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
