//! Whether the values that templates ask for come: what recent requests carried, and what they
//! lacked.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Case;
use super::Report;
use super::Severity;
use super::check;
use super::counted;
use super::listed;
use super::observation::REQUESTS_RECENT;
use super::observation::SeenRequest;
use crate::certificate_template::CertificateTemplate;
use crate::event::Moment;
use crate::gateway::Gateway;
use crate::object::Kind;
use crate::refusal::Refusal;
use crate::variable::Expression;
use crate::variable::Variable;

pub(super) fn examine(case: &Case<'_>, report: &mut Report) {
    for template in &case.organization.certificate_template {
        empty_variables(case, template, report);
        names(case, template, report);
        excess(case, template, report);
    }
    for gateway in &case.organization.gateway {
        unexpanded(case, gateway, report);
    }
}

/// The lines of a template that may have variables, alternative names apart.
fn lines(template: &CertificateTemplate) -> Vec<&String> {
    let san = &template.san;
    let lists = [&san.dns, &san.email, &san.uri, &san.upn, &san.permanent_identifier];
    lists.into_iter().flatten().collect()
}

/// Refusals of the same sort.
#[derive(Debug)]
struct Refused {
    count: u64,
    newest: Moment,
}

impl Refused {
    fn add(&mut self, at: Moment) {
        self.count += 1;
        self.newest = self.newest.max(at);
    }

    /// What is over is no problem any more: a device that came later got its certificate.
    fn severity(&self, issued_at: Option<Moment>) -> Severity {
        let is_over = issued_at.is_some_and(|issued_at| issued_at > self.newest);
        if is_over { Severity::Warning } else { Severity::Problem }
    }
}

fn newest_issued<'a>(requests: impl Iterator<Item = &'a SeenRequest>) -> Option<Moment> {
    requests.filter(|one| one.refusal.is_none() && !one.is_renewal).map(|one| one.at).max()
}

fn empty_variables(case: &Case<'_>, template: &CertificateTemplate, report: &mut Report) {
    let of_template =
        || case.seen.requests.iter().filter(|one| one.template.as_ref() == Some(&template.name));
    let mut refused: BTreeMap<&str, Refused> = BTreeMap::new();
    for request in of_template() {
        if let Some(Refusal::VariableEmpty { variable, .. }) = &request.refusal {
            // Refusals from before the template was mended say nothing of it.
            if template.subject.contains(variable) {
                let none = Refused { count: 0, newest: request.at };
                refused.entry(variable).or_insert(none).add(request.at);
            }
        }
    }
    for (variable, refused) in refused {
        let severity = refused.severity(newest_issued(of_template()));
        let what = format!(
            "its subject needs {variable}, and {} had no value for it (ENR-VARIABLE-EMPTY)",
            counted(refused.count, "recent request", "recent requests")
        );
        let object = format!("{}:{}", Kind::CertificateTemplate, template.name);
        report.add_as(&check::VARIABLE_EMPTY, severity, object, what);
    }
}

fn unexpanded(case: &Case<'_>, gateway: &Gateway, report: &mut Report) {
    let of_gateway = || case.seen.requests.iter().filter(|one| one.gateway == gateway.name);
    let mut refused: BTreeMap<(&str, &str), Refused> = BTreeMap::new();
    for request in of_gateway() {
        if let Some(Refusal::VariableUnexpanded { place, value }) = &request.refusal {
            let none = Refused { count: 0, newest: request.at };
            refused.entry((place, value)).or_insert(none).add(request.at);
        }
    }
    for ((place, value), refused) in refused {
        let severity = refused.severity(newest_issued(of_gateway()));
        let what = format!(
            "{} held {value} in the {place}, which the MDM did not replace by a value \
             (ENR-VARIABLE-UNEXPANDED)",
            counted(refused.count, "recent request", "recent requests")
        );
        let object = format!("{}:{}", Kind::Gateway, gateway.name);
        report.add_as(&check::VARIABLE_UNEXPANDED, severity, object, what);
    }
}

/// The alternative name of a request that a variable takes.
fn kind_of(variable: Variable) -> Option<&'static str> {
    let kinds = [
        (Variable::CsrDns, "dns"),
        (Variable::CsrEmail, "email"),
        (Variable::CsrUri, "uri"),
        (Variable::CsrUpn, "upn"),
    ];
    kinds.into_iter().find(|(known, _)| *known == variable).map(|(_, kind)| kind)
}

/// The kinds of alternative names of which a template wants one, for each place that nothing else
/// can fill.
fn wanted(template: &CertificateTemplate) -> BTreeSet<Vec<&'static str>> {
    let mut wanted = BTreeSet::new();
    for text in lines(template) {
        let Ok(expression) = Expression::parse(text) else { continue };
        for choice in expression.choices() {
            let kinds: Option<Vec<&'static str>> = choice.iter().copied().map(kind_of).collect();
            wanted.extend(kinds);
        }
    }
    wanted
}

fn names(case: &Case<'_>, template: &CertificateTemplate, report: &mut Report) {
    let wanted = wanted(template);
    for gateway in &case.organization.gateway {
        let is_meant = |one: &&SeenRequest| {
            one.template.as_ref() == Some(&template.name)
                && one.gateway == gateway.name
                && !one.is_renewal
        };
        let recent: Vec<&SeenRequest> =
            case.seen.requests.iter().filter(is_meant).take(REQUESTS_RECENT).collect();
        if recent.is_empty() {
            continue;
        }
        let sent: BTreeSet<&str> =
            recent.iter().flat_map(|one| one.kinds.iter().map(String::as_str)).collect();
        let count = u64::try_from(recent.len()).unwrap_or(u64::MAX);
        let requests = counted(count, "request", "requests");
        for kinds in wanted.iter().filter(|kinds| !kinds.iter().any(|kind| sent.contains(kind))) {
            let (gateway, kinds) = (&gateway.name, kinds.join(" or "));
            let begin = format!(
                "it takes an alternative name of kind {kinds} from the request; of the last \
                 {requests} at gateway {gateway}"
            );
            if sent.is_empty() {
                let what = format!("{begin} none had any alternative name");
                report.add(&check::SAN_MISSING, template, what);
            } else {
                let sent = listed(sent.iter().copied());
                let what = format!("{begin} none had one, but others: {sent}");
                report.add(&check::SAN_KIND, template, what);
            }
        }
    }
}

/// Values that fitted nowhere, and what was asked for beyond the template.
fn excess(case: &Case<'_>, template: &CertificateTemplate, report: &mut Report) {
    let of_template =
        case.seen.requests.iter().filter(|one| one.template.as_ref() == Some(&template.name));
    let (mut misfits, mut beyond) = (0, 0);
    for request in of_template.take(REQUESTS_RECENT) {
        misfits += u64::from(request.misfits > 0);
        beyond += u64::from(request.beyond > 0);
    }
    if misfits > 0 {
        let what = format!(
            "values of {} were no alternative names of any kind and were left out",
            counted(misfits, "recent request", "recent requests")
        );
        report.add(&check::SAN_LEFT_OUT, template, what);
    }
    if beyond > 0 {
        let what = format!(
            "{} asked for more than it gives",
            counted(beyond, "recent request", "recent requests")
        );
        report.add(&check::ASKED_BEYOND, template, what);
    }
}
