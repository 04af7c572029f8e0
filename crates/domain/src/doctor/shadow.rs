//! Policies that are never asked, because one before them matches everybody whom they could match.
//! Only what is certain is told.

use super::Case;
use super::Report;
use super::check;
use crate::condition::Field;
use crate::condition::Match;
use crate::condition::Operator;
use crate::condition::Rule;
use crate::policy::Policy;
use crate::policy::Ready;
use crate::policy::State;

/// Most policies of one kind that are compared, each with those before it.
const COMPARED_MAX: usize = 500;

pub(super) fn examine(case: &Case<'_>, report: &mut Report) {
    compare(case, &case.policies.enrollment, |_| true, report);
    // A policy whose time ends leaves its place to those behind it.
    let stays = |ready: &Ready<crate::network_policy::NetworkPolicy>| {
        ready.policy.active_until.is_none() && ready.policy.active_from.is_none()
    };
    compare(case, &case.policies.network, stays, report);
}

fn compare<P: Policy>(
    case: &Case<'_>,
    policies: &[Ready<P>],
    stays: impl Fn(&Ready<P>) -> bool,
    report: &mut Report,
) {
    let is_active = |ready: &&Ready<P>| ready.policy.state(case.now) == State::Active;
    for (place, behind) in policies.iter().enumerate().take(COMPARED_MAX) {
        if matches!(behind.policy.state(case.now), State::Draft | State::Over) {
            continue;
        }
        let mut before = policies.iter().take(place).filter(is_active).filter(|one| stays(one));
        if let Some(first) = before.find(|first| covers(*first, behind)) {
            let what = format!(
                "{} stands before it and matches everybody whom it could match",
                first.policy.name()
            );
            report.add(&check::POLICY_SHADOWED, &behind.policy, what);
        }
    }
}

/// Whether one matches whatever the other does.
fn covers<P: Policy>(one: &Ready<P>, other: &Ready<P>) -> bool {
    let (rules, others) = (one.policy.rules(), other.policy.rules());
    if rules.is_empty() || others.is_empty() || !one.expects_no_more_than(other) {
        return false;
    }
    let implied = |rule: &Rule| match other.policy.match_rules() {
        Match::All => others.iter().any(|it| implies(it, rule)),
        Match::Any => others.iter().all(|it| implies(it, rule)),
    };
    match one.policy.match_rules() {
        Match::All => rules.iter().all(implied),
        Match::Any => {
            let some = |it: &Rule| rules.iter().any(|rule| implies(it, rule));
            let each = || other.policy.match_rules() == Match::Any && others.iter().all(some);
            rules.iter().any(implied) || each()
        }
    }
}

/// Whether a rule holds wherever another does.
fn implies(rule: &Rule, other: &Rule) -> bool {
    if rule == other || *other == Rule::always() {
        return true;
    }
    let exact = |rule: &Rule| {
        let operator = matches!(rule.operator, Some(Operator::Is | Operator::IsOneOf));
        operator && !rule.not && rule.field.is_some_and(|field| field != Field::Always)
    };
    let same = rule.field == other.field && rule.zone == other.zone;
    let allowed = other.expected();
    same && exact(rule) && exact(other) && rule.expected().iter().all(|it| allowed.contains(it))
}
