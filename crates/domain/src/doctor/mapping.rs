//! Whether gateways, workflows, roles and policies lead into each other: the way of a device from
//! its gateway to its network, walked before any device comes.

use std::collections::BTreeSet;

use pki::time::Time;

use super::Case;
use super::Report;
use super::check;
use super::listed;
use crate::condition;
use crate::condition::DEVICE_ROLE_DEFAULT;
use crate::condition::Field;
use crate::condition::Operator;
use crate::condition::possible::Known;
use crate::condition::possible::Possible;
use crate::enrollment_policy::EnrollmentPolicy;
use crate::gateway::Gateway;
use crate::object::Kind;
use crate::policy::Policy;
use crate::policy::Ready;
use crate::policy::State;
use crate::policy_workflow::Grants;

/// A gateway and what is known of its devices.
struct Entrance<'a> {
    gateway: &'a Gateway,
    known: Known,
}

pub(super) fn examine(case: &Case<'_>, report: &mut Report) {
    let entrances: Vec<Entrance<'_>> = case
        .organization
        .gateway
        .iter()
        .map(|gateway| Entrance { gateway, known: case.policies.known_of(&gateway.name) })
        .collect();
    if entrances.is_empty() {
        let name = &case.organization.settings.name;
        let what = "there is no gateway, so no device can ask for a certificate";
        let kind = Kind::Organization;
        report.add_named(&check::GATEWAY_NONE, kind, name, what);
    }
    workflows(case, &entrances, report);
    roles(case, &entrances, report);
    states(case, report);
    enrollment(case, &entrances, report);
    network(case, &entrances, report);
}

/// Whether a policy decides, or will.
fn counts<P: Policy>(case: &Case<'_>, ready: &&Ready<P>) -> bool {
    matches!(ready.policy.state(case.now), State::Active | State::NotYet)
}

fn workflows(case: &Case<'_>, entrances: &[Entrance<'_>], report: &mut Report) {
    for ready in &case.policies.workflows {
        let workflow = &ready.policy;
        if workflow.rules.is_empty() {
            let what = "it has no rules, so it grants its role to nobody";
            report.add(&check::WORKFLOW_DRAFT, workflow, what);
            continue;
        }
        let matches = |one: &Entrance<'_>| ready.condition().possible(&one.known) != Possible::No;
        if !entrances.iter().any(matches) && !entrances.is_empty() {
            let what = "its rules match the devices of no gateway, so nobody gets its role";
            report.add(&check::WORKFLOW_NO_GATEWAY, workflow, what);
        }
    }
    for entrance in entrances.iter().filter(|one| one.known.perhaps.roles.is_empty()) {
        let what = "no policy workflow grants a role to its devices, so each of them is refused \
                    (ENR-NO-ROLE)";
        report.add(&check::GATEWAY_NO_WORKFLOW, entrance.gateway, what);
    }
}

fn roles(case: &Case<'_>, entrances: &[Entrance<'_>], report: &mut Report) {
    for workflow in case.policies.workflows.iter().map(|ready| &ready.policy) {
        let name = workflow.name.as_str();
        let (user_role, field) = match workflow.grants {
            Grants::UserRole => (true, Field::IdentityRole),
            Grants::DeviceRole => (false, Field::DeviceRole),
        };
        let granted: Vec<Known> = entrances
            .iter()
            .filter(|one| {
                let Known { perhaps, .. } = &one.known;
                let roles = if user_role { &perhaps.roles } else { &perhaps.device_roles };
                roles.iter().any(|role| role == name)
            })
            .map(|one| only_role(&one.known, name, user_role))
            .collect();
        if granted.is_empty() {
            // That nobody has it is told of the workflow.
            continue;
        }
        let enrollment = case.policies.enrollment.iter().filter(|one| counts(case, one));
        let in_enrollment = named(enrollment, field).contains(name)
            || user_role && reached(case, &case.policies.enrollment, &granted);
        let network_known: Vec<Known> = granted.iter().map(joining).collect();
        let network = case.policies.network.iter().filter(|one| counts(case, one));
        let in_network = named(network, field).contains(name)
            || user_role && reached(case, &case.policies.network, &network_known);
        match (user_role, in_enrollment, in_network) {
            (true, false, _) => {
                let what = format!("no enrollment policy gives the role {name} a certificate");
                report.add(&check::ROLE_NO_ENROLLMENT, workflow, what);
            }
            (true, true, false) => {
                let what = format!("no network policy is for the role {name}");
                report.add(&check::ROLE_NO_NETWORK, workflow, what);
            }
            (false, false, false) => {
                let what = format!("no policy asks for the device role {name}");
                report.add(&check::DEVICE_ROLE_UNUSED, workflow, what);
            }
            (true | false, _, _) => {}
        }
    }
}

/// The same devices, as if they had this role only.
fn only_role(known: &Known, role: &str, user_role: bool) -> Known {
    let mut known = known.clone();
    if user_role {
        known.surely.roles = vec![role.to_owned()];
        known.perhaps.roles = vec![role.to_owned()];
    }
    known
}

/// The same devices when they join: there is no request then.
fn joining(known: &Known) -> Known {
    let mut known = known.clone();
    (known.surely.request, known.perhaps.request) = (None, None);
    known
}

fn reached<P: Policy>(case: &Case<'_>, policies: &[Ready<P>], known: &[Known]) -> bool {
    let mut counting = policies.iter().filter(|one| counts(case, one));
    counting.any(|ready| known.iter().any(|it| ready.condition().possible(it) != Possible::No))
}

/// The roles that rules name, looked for in one field.
fn named<'a, P: Policy + 'a>(
    policies: impl Iterator<Item = &'a Ready<P>>,
    field: Field,
) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for ready in policies {
        condition::each_leaf(ready.policy.rules(), "", &mut |_, rule| {
            let exact = matches!(rule.operator, Some(Operator::Is | Operator::IsOneOf));
            if rule.field == Some(field) && exact {
                named.extend(rule.expected());
            }
        });
    }
    named
}

/// Drafts, and policies that only watch or are over.
fn states(case: &Case<'_>, report: &mut Report) {
    for ready in &case.policies.enrollment {
        let policy = &ready.policy;
        if policy.state(case.now) == State::Draft {
            report.add(&check::POLICY_DRAFT, policy, draft(policy.rules.is_empty()));
        }
    }
    for ready in &case.policies.network {
        let policy = &ready.policy;
        match policy.state(case.now) {
            State::Draft => {
                report.add(&check::POLICY_DRAFT, policy, draft(policy.rules.is_empty()));
            }
            State::Over => {
                let until = policy.active_until.map(Time::to_rfc3339);
                let what = format!("its time was over on {}", until.unwrap_or_default());
                report.add(&check::POLICY_OVER, policy, what);
            }
            State::Monitor => {
                let what = "it only says what it would do, and lets nobody in or out";
                report.add(&check::POLICY_MONITOR, policy, what);
            }
            State::NotYet | State::Active => {}
        }
    }
}

fn draft(no_rules: bool) -> &'static str {
    if no_rules {
        "it has no rules, so it matches nobody and decides nothing"
    } else {
        "it has no settings, so it decides nothing"
    }
}

fn enrollment(case: &Case<'_>, entrances: &[Entrance<'_>], report: &mut Report) {
    let with_roles: Vec<&Entrance<'_>> =
        entrances.iter().filter(|one| !one.known.perhaps.roles.is_empty()).collect();
    let active = || case.policies.enrollment.iter().filter(|one| counts(case, one));
    for entrance in &with_roles {
        let mut matches = active().map(|ready| ready.condition().possible(&entrance.known));
        if !matches.any(|possible| possible != Possible::No) {
            let roles = listed(entrance.known.perhaps.roles.iter().map(String::as_str));
            let what = format!(
                "its devices have the role {roles}, and no enrollment policy can match them, so \
                 each of them is refused (ENR-NO-POLICY)"
            );
            report.add(&check::GATEWAY_NO_ENROLLMENT, entrance.gateway, what);
        }
    }
    for ready in active() {
        reach(case, ready, &with_roles, report);
    }
}

/// Whether an enrollment policy gets any device, and whether its devices get anywhere.
fn reach(
    case: &Case<'_>,
    ready: &Ready<EnrollmentPolicy>,
    with_roles: &[&Entrance<'_>],
    report: &mut Report,
) {
    let policy = &ready.policy;
    let looks = |field| ready.condition().looks_at(field);
    if !looks(Field::IdentityRole) && !looks(Field::DeviceRole) {
        let what = "no rule of it names a user role or a device role, so it is for all of them";
        report.add(&check::ENROLLMENT_EVERY_ROLE, policy, what);
    }
    let possible =
        |entrance: &&&Entrance<'_>| ready.condition().possible(&entrance.known) != Possible::No;
    let reached: Vec<&&Entrance<'_>> = with_roles.iter().filter(possible).collect();
    if reached.is_empty() {
        if !with_roles.is_empty() {
            unreached(ready, with_roles, report);
        }
        return;
    }
    let known: Vec<Known> = reached.iter().map(|one| joining(&one.known)).collect();
    let network = &case.policies.network;
    let reaches =
        |ready: &Ready<_>| known.iter().any(|it| ready.condition().possible(it) != Possible::No);
    if !network.iter().filter(|one| counts(case, one)).any(reaches) {
        let what = "its devices get certificates, and no network policy can match any of them";
        report.add(&check::ENROLLMENT_NO_NETWORK, policy, what);
    }
}

/// What keeps every device from an enrollment policy.
fn unreached(ready: &Ready<EnrollmentPolicy>, with_roles: &[&Entrance<'_>], report: &mut Report) {
    let policy = &ready.policy;
    let but = |open: &[Field]| {
        let mut possible =
            with_roles.iter().map(|one| ready.condition().possible_but(&one.known, open));
        possible.any(|possible| possible != Possible::No)
    };
    let (role, device_role) = (Field::IdentityRole, Field::DeviceRole);
    let both = but(&[role, device_role]);
    if both && !but(&[device_role]) {
        let what = "it asks for a user role that devices of no gateway have, so it matches nobody";
        report.add(&check::ENROLLMENT_NO_ROLE, policy, what);
    }
    if both && !but(&[role]) {
        let what = format!(
            "it asks for a device role that no device has; each has {DEVICE_ROLE_DEFAULT}, and \
             those that workflows with grants = \"device-role\" give it"
        );
        report.add(&check::ENROLLMENT_NO_DEVICE_ROLE, policy, what);
    }
    if !both {
        let what = "it can match the devices of no gateway";
        report.add(&check::POLICY_UNREACHED, policy, what);
    }
}

fn network(case: &Case<'_>, entrances: &[Entrance<'_>], report: &mut Report) {
    let known: Vec<Known> = entrances.iter().map(|one| joining(&one.known)).collect();
    if known.is_empty() {
        return;
    }
    for ready in case.policies.network.iter().filter(|one| counts(case, one)) {
        let matches = |it: &Known| ready.condition().possible(it) != Possible::No;
        if !known.iter().any(matches) {
            let what = "it can match the devices of no gateway";
            report.add(&check::POLICY_UNREACHED, &ready.policy, what);
        }
    }
}
