//! `safeconduct explain`

use std::process::ExitCode;

use actions::decision::explain::Explanation;
use clap::Args;
use domain::condition::outcome::RuleOutcome;
use domain::decision::Monitored;
use domain::network_policy::Access;
use domain::policy::State;
use domain::policy::Step;

use crate::command::certificate::escape;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Say why a device was answered as it was.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// An event's id; or a certificate's serial number, a device's address, name, serial number or
    /// UDID: then its newest answer
    #[arg(value_name = "EVENT|SERIAL|MAC|DEVICE")]
    about: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let connection = Connection::open(&arguments.data, false).await?;
    let path = format!("/api/v1/explain?about={}", escape(&arguments.about));
    let explanation = connection.get::<Explanation>(&path).await;
    connection.close().await;
    let explanation = explanation?;
    if arguments.json {
        output::json(&explanation)?;
    } else {
        print(&explanation);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(explanation: &Explanation) {
    let say = |text: &str| output::line(&output::safe(text));
    let Explanation { at, kind, actor, object, reason, .. } = explanation;
    let outcome = match explanation.outcome {
        domain::event::Outcome::Accepted => "accepted",
        domain::event::Outcome::Refused => "refused",
    };
    say(&format!("{outcome}: {reason}"));
    let rows = [
        ("code", explanation.code.as_deref()),
        ("cause", explanation.cause.as_deref()),
        ("fix", explanation.fix.as_deref()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            say(&format!("  {name:<7}{value}"));
        }
    }
    say(&format!("  event  {} {kind} at {at}, {actor}, {object}", explanation.event));
    if let Some(version) = explanation.policy_version {
        let checked = match explanation.verified {
            Some(true) => ", worked out again the same",
            Some(false) => ", worked out again OTHERWISE",
            None => "",
        };
        say(&format!("  policies of version {version}{checked}"));
    }
    if let Some(note) = &explanation.note {
        say(&format!("  note   {note}"));
    }
    print_roles(&explanation.roles, &explanation.device_roles);
    print_monitors(&explanation.monitors);
    print_path(&explanation.path);
}

/// The roles that policies were asked with.
pub(crate) fn print_roles(roles: &[String], device_roles: &[String]) {
    for (what, roles) in [("roles", roles), ("device", device_roles)] {
        if !roles.is_empty() {
            output::line(&output::safe(&format!("  {what:<7}{}", roles.join(", "))));
        }
    }
}

/// What policies that monitor would have done.
pub(crate) fn print_monitors(monitors: &[Monitored]) {
    for Monitored { policy, access } in monitors {
        let would = match access {
            Access::Accept => "let the device in",
            Access::Refuse => "refuse the device",
        };
        let text = format!("  {policy} only monitors, and would {would}");
        output::line(&output::safe(&text));
    }
}

/// The way to an answer: what was asked, and how each rule came out.
pub(crate) fn print_path(path: &[Step]) {
    for step in path {
        let mark = if step.matched { "✓" } else { "✗" };
        let state = match step.state {
            State::Active if step.decides => ", decides",
            State::Active => "",
            State::Draft => ", a draft: decides nothing",
            State::Monitor => ", only monitors",
            State::NotYet => ", not active yet",
            State::Over => ", no longer active",
        };
        let (kind, name) = (step.kind.words(), &step.name);
        output::line(&output::safe(&format!("{mark} {kind} \"{name}\"{state}")));
        for rule in &step.rules {
            print_rule(rule, 1);
        }
    }
}

fn print_rule(rule: &RuleOutcome, depth: usize) {
    let indent = "    ".repeat(depth);
    let mark = if rule.matched { "✓" } else { "✗" };
    let Some(field) = &rule.field else {
        let how = match rule.match_rules {
            Some(domain::condition::Match::Any) => "any",
            Some(domain::condition::Match::All) | None => "all",
        };
        let not = if rule.not { "not " } else { "" };
        output::line(&format!("{indent}{mark} {not}{how} of"));
        for inner in &rule.rules {
            print_rule(inner, depth + 1);
        }
        return;
    };
    let expected = rule.expectation();
    let mut text = format!("{indent}{mark} {field} is {expected}, was {}", rule.finding());
    if field == "always" {
        text = format!("{indent}{mark} always");
    }
    if let Some(source) = rule.source.as_ref().filter(|_| field != "always") {
        let told = rule.told_at.map(|at| format!(" of {}", at.to_rfc3339())).unwrap_or_default();
        text.push_str(&format!(" ({source}{told})"));
    }
    if rule.implied {
        text.push_str(" [no rule of this policy speaks of it]");
    }
    output::line(&output::safe(&text));
}
