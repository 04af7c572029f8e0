//! The way to a decision, for people: each workflow and policy that was asked, each rule with what
//! was expected and what was found. `part/path.html` shows it.

use askama::Template;
use domain::condition::Match;
use domain::condition::outcome::RuleOutcome;
use domain::object::Kind;
use domain::policy::State;
use domain::policy::Step;

use crate::filters;
use crate::policy::words;
use crate::text;

/// The URL of the policy of a step: its page finds it by its name, too.
pub(crate) fn url(step: &Step) -> String {
    crate::object::url(step.kind, &step.name)
}

/// Whether a step decides anything, so that its rules were asked at all.
fn is_asked(step: &Step) -> bool {
    matches!(step.state, State::Active | State::Monitor)
}

/// What became of a step, in words.
pub(crate) fn verdict(step: &Step) -> String {
    if !is_asked(step) {
        let state = text::t(&format!("state.{}", step.state.as_str()));
        return format!("{}: {state}", text::t("path.not_asked"));
    }
    let key = match (step.kind, step.matched, step.decides, step.state) {
        (Kind::PolicyWorkflow, true, ..) => "path.grants",
        (Kind::PolicyWorkflow, false, ..) => "path.grants_not",
        (_, true, true, _) => "path.decides",
        (_, true, false, State::Monitor) => "path.monitors",
        (_, true, false, _) => "path.matches",
        (_, false, ..) => "path.matches_not",
    };
    text::t(key).into_owned()
}

/// The color beside those words.
pub(crate) fn tone(step: &Step) -> &'static str {
    match (is_asked(step), step.matched) {
        (true, true) => "green",
        (true, false) => "yellow",
        (false, _) => "secondary",
    }
}

/// The rules of a step as HTML.
pub(crate) fn rules(step: &Step) -> String {
    let how = heading(step.match_rules, false);
    let part = Outcomes { outcomes: &step.rules, is_asked: is_asked(step), how };
    part.render().unwrap_or_default()
}

fn heading(how: Match, not: bool) -> String {
    let key = match (how, not) {
        (Match::All, false) => "path.all",
        (Match::Any, false) => "path.any",
        (Match::All, true) => "path.all_not",
        (Match::Any, true) => "path.any_not",
    };
    text::t(key).into_owned()
}

#[derive(Template)]
#[template(path = "part/outcomes.html")]
struct Outcomes<'a> {
    outcomes: &'a [RuleOutcome],
    is_asked: bool,
    how: String,
}

impl Outcomes<'_> {
    fn mark(&self, outcome: &RuleOutcome) -> String {
        let key = match (self.is_asked, outcome.matched) {
            (false, _) => "path.not_asked",
            (true, true) => "path.holds",
            (true, false) => "path.holds_not",
        };
        text::t(key).into_owned()
    }

    fn tone(&self, outcome: &RuleOutcome) -> &'static str {
        match (self.is_asked, outcome.matched) {
            (false, _) => "secondary",
            (true, true) => "green",
            (true, false) => "red",
        }
    }

    fn said(&self, outcome: &RuleOutcome) -> String {
        words::of_outcome(outcome)
    }

    /// The rules of a group; groups stand in each other a few deep at most.
    fn inner(&self, outcome: &RuleOutcome) -> String {
        let how = heading(outcome.match_rules.unwrap_or_default(), outcome.not);
        let part = Outcomes { outcomes: &outcome.rules, is_asked: self.is_asked, how };
        part.render().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_rule_is_marked_in_words() {
        let step: Step = serde_json::from_value(json!({
            "kind": "network_policy", "name": "Staff", "state": "active", "match": "all",
            "matched": false, "decides": false,
            "rules": [
                {"field": "identity.role", "operator": "is-one-of", "expected": ["Staff"],
                 "actual": ["Staff"], "source": "workflow", "matched": true},
                {"match": "any", "matched": false, "rules": [
                    {"field": "network.ssid", "operator": "is", "expected": ["<b>"],
                     "actual": [], "matched": false}]},
            ],
        }))
        .unwrap();
        let html = rules(&step);
        assert!(html.contains(">holds<") && html.contains(">does not hold<"), "{html}");
        assert!(html.contains("Role is one of Staff") && html.contains("&#60;b&#62;"), "{html}");
        assert!(html.contains("One of these must hold") && html.contains("nothing"), "{html}");
        assert_eq!(verdict(&step), "does not match");
        let draft = Step { state: State::Draft, ..step };
        assert!(rules(&draft).contains(">not asked<"));
        assert!(verdict(&draft).starts_with("not asked: "));
    }
}
