//! Authorities, what hangs on their lives, and the gateways that enroll for them.

use std::collections::BTreeSet;

use super::Case;
use super::DAY_SECONDS;
use super::Report;
use super::Severity;
use super::check;
use super::profile::ends;
use crate::certificate_authority::CertificateAuthority;
use crate::certificate_template::CertificateTemplate;
use crate::object::Kind;
use crate::policy::Policy;
use crate::policy::State;
use crate::revocation_list;

/// Days before its end at which an authority is worth a warning.
const AUTHORITY_DAYS: i64 = 90;

pub(super) fn examine(case: &Case<'_>, report: &mut Report) {
    for authority in case.organization.certificate_authority.iter().filter(|one| !one.disabled) {
        let Some(seen) = case.seen.authority(&authority.name) else { continue };
        let days = case.days_until(seen.not_after);
        let at = seen.not_after.to_rfc3339();
        if days < 0 {
            let what = format!("it {}, and signs nothing more", ends(days, &at));
            report.add(&check::AUTHORITY_EXPIRED, authority, what);
        } else if days < AUTHORITY_DAYS {
            report.add(&check::AUTHORITY_EXPIRING, authority, format!("it {}", ends(days, &at)));
        }
    }
    outlived(case, report);
    disabled(case, report);
    lists(case, report);
    gateways(case, report);
}

/// Templates whose certificates are cut short.
fn outlived(case: &Case<'_>, report: &mut Report) {
    let mut told = BTreeSet::new();
    for policy in case.organization.enrollment_policy.iter() {
        let Some(settings) = &policy.settings else { continue };
        let pair = (&settings.certificate_template, &settings.certificate_authority);
        let template: Option<&CertificateTemplate> = case.organization.find(pair.0);
        let (Some(template), Some(seen)) = (template, case.seen.authority(pair.1)) else {
            continue;
        };
        let wanted = template.validity_seconds();
        let left = seen.chain_not_after.0.saturating_sub(case.now.0);
        if left >= 0 && left < wanted && told.insert(pair) {
            let what = format!(
                "its certificates are to live {} days, and the authority {} ends in {} days, on {}",
                wanted.div_euclid(DAY_SECONDS),
                seen.name,
                left.div_euclid(DAY_SECONDS),
                seen.chain_not_after.to_rfc3339()
            );
            report.add(&check::TEMPLATE_OUTLIVES, template, what);
        }
    }
}

/// Authorities that issue nothing and are named where something is to be issued.
fn disabled(case: &Case<'_>, report: &mut Report) {
    let is_disabled = |name: &str| {
        let authority: Option<&CertificateAuthority> = case.organization.find(name);
        authority.is_some_and(|authority| authority.disabled)
    };
    for ready in &case.policies.enrollment {
        let Some(settings) = &ready.policy.settings else { continue };
        let name = &settings.certificate_authority;
        if ready.policy.state(case.now) == State::Active && is_disabled(name) {
            let what = format!("it issues from {name}, which is disabled");
            report.add(&check::AUTHORITY_DISABLED, &ready.policy, what);
        }
    }
    for gateway in &case.organization.gateway {
        let authority = case.organization.authority_of(gateway);
        if let Some(authority) = authority.filter(|authority| authority.disabled) {
            let what = format!("it enrolls for {}, which is disabled", authority.name);
            report.add(&check::AUTHORITY_DISABLED, gateway, what);
        }
    }
}

fn lists(case: &Case<'_>, report: &mut Report) {
    for list in &case.seen.lists {
        let half = list.this_update.plus_seconds(revocation_list::VALIDITY_SECONDS / 2);
        let severity = if list.next_update < case.now {
            Severity::Problem
        } else if half < case.now {
            Severity::Warning
        } else {
            continue;
        };
        let what = format!(
            "its revocation list is of {} and counts until {}; a new one is due each day",
            list.this_update.to_rfc3339(),
            list.next_update.to_rfc3339()
        );
        let object = format!("{}:{}", Kind::CertificateAuthority, list.authority);
        report.add_as(&check::LIST_STALE, severity, object, what);
    }
}

fn gateways(case: &Case<'_>, report: &mut Report) {
    for gateway in &case.organization.gateway {
        if gateway.legacy {
            let what = "it takes requests that are encrypted with single DES";
            report.add(&check::GATEWAY_LEGACY, gateway, what);
        }
        if !case.seen.used_gateways.contains(&gateway.name) {
            let what = "no device has ever shown its secret";
            report.add(&check::GATEWAY_UNUSED, gateway, what);
        }
    }
}
