//! A no, as commands tell it: to people on standard error, and with `--json` as one document on
//! standard output, which has the same form whatever was asked.

use core::fmt;

use actions::object::Shown;
use api::problem::Problem;
use clap::ArgMatches;
use domain::complaint::Complaint;
use domain::plan;
use serde::Serialize;
use serde_json::Value;

use crate::command::plan_text;
use crate::command::toml_writer::inline;
use crate::output;
use crate::output::Form;

/// Why a command did not do what was asked.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    /// The status of the API's answer; null if it was not asked.
    status: Option<u16>,
    /// The stable code of the API's no; null if it was not asked.
    code: Option<String>,
    /// What is wrong, as a sentence.
    detail: String,
    /// What to do about it.
    fix: Option<String>,
    /// Field by field, where a document was refused.
    complaints: Vec<Told>,
    /// The object as it is now, where it is not of the version that was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Box<Shown>>,
    /// What it was to become.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<Value>,
    /// What people are told behind the complaints.
    #[serde(skip)]
    close: &'static str,
}

/// What is wrong with one field, and where it stands.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// The file, if it stands in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The line of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    field: String,
    what: String,
    fix: String,
}

impl Refused {
    /// Complaints about a file, each with its line if it has one.
    pub(crate) fn of_file(file: String, complaints: Vec<(Option<usize>, Complaint)>) -> Self {
        let told = complaints.into_iter().map(|(line, complaint)| {
            let Complaint { path, what, fix } = complaint;
            Told { file: Some(file.clone()), line, field: path, what, fix }
        });
        let complaints: Vec<Told> = told.collect();
        let detail = format!("{file} was refused: {} complaint(s)", complaints.len());
        Self { complaints, ..Self::of_words(detail) }
    }

    /// A sentence.
    pub(crate) fn of_words(detail: String) -> Self {
        Self {
            status: None,
            code: None,
            detail,
            fix: None,
            complaints: Vec::new(),
            current: None,
            proposed: None,
            close: "Nothing was changed.",
        }
    }

    /// The same, with the answer that it comes from.
    pub(crate) fn answered(self, problem: &Problem) -> Self {
        let Problem { status, code, fix, .. } = problem;
        Self { status: Some(*status), code: Some(code.clone()), fix: Some(fix.clone()), ..self }
    }

    /// The same with what to do about it.
    pub(crate) fn advising(self, fix: String) -> Self {
        Self { fix: Some(fix), ..self }
    }

    /// The same with other words behind the complaints.
    pub(crate) fn closing(self, close: &'static str) -> Self {
        Self { close, ..self }
    }

    /// What is there now, and what was meant instead.
    fn versions(&self) -> Vec<String> {
        let Some(current) = &self.current else { return Vec::new() };
        let Shown { etag, definition, .. } = current.as_ref();
        let mut lines = vec![format!("  there is now (etag {etag}): {}", inline(definition))];
        match &self.proposed {
            None => lines.push("  you meant: to remove it as it was".to_owned()),
            Some(proposed) => {
                lines.push(format!("  you meant: {}", inline(proposed)));
                lines.push("  from what is there now to what you meant:".to_owned());
                let differences = plan::differences(definition, proposed);
                let changed = differences.iter().flat_map(plan_text::changed);
                lines.extend(changed.map(|(_, text)| format!("    {text}")));
            }
        }
        lines
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let Problem { status, code, detail, fix, complaints, current, proposed } = problem;
        let told = complaints.into_iter().map(|Complaint { path, what, fix }| Told {
            file: None,
            line: None,
            field: path,
            what,
            fix,
        });
        Self {
            status: Some(status),
            code: Some(code),
            fix: Some(fix),
            complaints: told.collect(),
            current,
            proposed: proposed.map(|proposed| *proposed),
            ..Self::of_words(detail)
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.complaints.is_empty() {
            for told in &self.complaints {
                writeln!(f, "{told}")?;
            }
            return f.write_str(self.close);
        }
        f.write_str(&output::safe(&self.detail))?;
        if let Some(code) = &self.code {
            write!(f, " ({})", output::safe(code))?;
        }
        if let Some(fix) = &self.fix {
            write!(f, "\n  fix: {}", output::safe(fix))?;
        }
        for line in self.versions() {
            write!(f, "\n{}", output::safe(&line))?;
        }
        Ok(())
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, field, what, fix } = self;
        if let Some(file) = file {
            write!(f, "{}:", output::safe(file))?;
            match line {
                Some(line) => write!(f, "{line}: ")?,
                None => f.write_str(" ")?,
            }
        }
        if !field.is_empty() {
            write!(f, "{}: ", output::safe(field))?;
        }
        write!(f, "{}\n  fix: {}", output::safe(what), output::safe(fix))
    }
}

impl core::error::Error for Refused {}

/// Tells why a command failed.
pub(crate) fn tell(error: anyhow::Error, json: bool) {
    let refused = match error.downcast::<Refused>() {
        Ok(refused) => {
            // Editors find a place that stands at the beginning of a line.
            let head = if refused.complaints.is_empty() { "safeconduct: " } else { "" };
            output::note(&format!("{head}{refused}"));
            refused
        }
        Err(error) => {
            output::note(&format!("safeconduct: {error:#}"));
            Refused::of_words(format!("{error:#}"))
        }
    };
    if json && let Err(error) = output::json_line(&refused) {
        output::note(&format!("safeconduct: {error:#}"));
    }
}

/// Whether a command was asked for JSON.
pub(crate) fn wants_json(matches: &ArgMatches) -> bool {
    let mut matches = matches;
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    let flag = matches.try_get_one::<bool>("json").ok().flatten().copied();
    let form = matches.try_get_one::<Form>("output").ok().flatten().copied();
    flag.unwrap_or_default() || form == Some(Form::Json)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use serde_json::json;

    use super::*;

    #[test]
    fn who_asks_for_json_is_known_before_anything_is_asked() {
        let wants = |arguments: &[&str]| {
            let all = ["safeconduct"].iter().chain(arguments);
            wants_json(&crate::Arguments::command().try_get_matches_from(all).unwrap())
        };
        assert!(wants(&["gateway", "show", "A", "--json"]));
        assert!(wants(&["gateway", "list", "--output", "json"]));
        assert!(wants(&["version", "--json"]));
        assert!(!wants(&["gateway", "list", "--output", "wide"]));
        assert!(!wants(&["gateway", "show", "--", "--json"]));
        assert!(!wants(&["completions", "bash"]));
    }

    #[test]
    fn a_complaint_stands_behind_its_place_and_a_no_has_its_code() {
        let complaint = Complaint::new("vendor", "is none", "write `jamf`");
        let refused = Refused::of_file("a.toml".to_owned(), vec![(Some(3), complaint)]);
        let expected = "a.toml:3: vendor: is none\n  fix: write `jamf`\nNothing was changed.";
        assert_eq!(refused.to_string(), expected);
        let document = serde_json::to_value(&refused).unwrap();
        assert_eq!(document["status"], json!(null));
        assert_eq!(document["complaints"][0]["line"], json!(3));
        let problem = json!({
            "status": 409, "code": "API-CONFLICT", "detail": "it changed", "fix": "look again",
            "current": { "name": "A", "slug": "a", "position": 1, "etag": "e", "definition": {
                "name": "A", "description": "now" } },
            "proposed": { "name": "A", "description": "meant" },
        });
        let problem: Problem = serde_json::from_value(problem).unwrap();
        let text = Refused::from(problem).to_string();
        assert!(text.starts_with("it changed (API-CONFLICT)\n  fix: look again\n"), "{text}");
        assert!(text.ends_with("    description: \"now\" → \"meant\""), "{text}");
    }
}
