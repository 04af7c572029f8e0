//! A profile that others made, held against what the organization knows: each thing that will not
//! work, or that works and should not, with the reason and the cure.

mod network;
mod scep;
mod trust;
mod url;

use pki::certificate::Certificate;

use crate::inspect::Profile;
use crate::mdm;
use crate::mdm::Found;
use crate::platform::Platform;

/// Most findings of one profile.
pub const FINDINGS_MAX: usize = 200;

/// A gateway, as devices know it.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Its name.
    pub name: String,
    /// Its Enrollment URL, without a profile's version.
    pub url: String,
}

/// Whose a challenge is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Challenge {
    /// The gateway takes it.
    Right,
    /// Another gateway takes it: its name.
    OfGateway(String),
    /// Nobody takes it.
    Unknown,
}

/// What the organization knows.
pub struct Expected<'a> {
    /// The gateway that the profile is for.
    pub gateway: &'a Gateway,
    /// The other gateways.
    pub others: &'a [Gateway],
    /// Says whose a challenge is.
    pub challenge: &'a dyn Fn(&str) -> Challenge,
    /// What the gateway answers to `GetCACert`: the issuing authority first, the root last.
    pub chain: &'a [Certificate],
    /// The roots of the RADIUS servers' certificates, those of now and those to come.
    pub anchors: &'a [Certificate],
    /// The names of each RADIUS server's certificate, those of now and those to come.
    pub server_names: &'a [Vec<String>],
    /// The name of the wireless network; none for a wired one, or where any is right.
    pub ssid: Option<&'a str>,
    /// The MDM that pushes the profile; none if it is not known, or nobody does.
    pub console: Option<Platform>,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Devices will not get their certificate, or not get in.
    Problem,
    /// It works on some devices, or is not safe.
    Warning,
    /// Good to know.
    Hint,
}

/// Something about a profile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Names the check for ever.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The payload and key it is about.
    pub place: String,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub fix: String,
}

/// Findings in the making.
#[derive(Default)]
struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, code: &'static str, severity: Severity, place: &str, words: [&str; 3]) {
        if self.findings.len() < FINDINGS_MAX {
            let [what, why, fix] = words.map(str::to_owned);
            let place = place.to_owned();
            self.findings.push(Finding { code, severity, place, what, why, fix });
        }
    }

    fn problem(&mut self, code: &'static str, place: &str, words: [&str; 3]) {
        self.add(code, Severity::Problem, place, words);
    }

    fn warning(&mut self, code: &'static str, place: &str, words: [&str; 3]) {
        self.add(code, Severity::Warning, place, words);
    }

    fn hint(&mut self, code: &'static str, place: &str, words: [&str; 3]) {
        self.add(code, Severity::Hint, place, words);
    }
}

/// Compares a profile with what the organization knows, the gravest findings first.
#[must_use]
pub fn compare(profile: &Profile, expected: &Expected<'_>) -> Vec<Finding> {
    let mut report = Report::default();
    keys(profile, &mut report);
    identifiers(profile, &mut report);
    signature(profile, &mut report);
    scep::check(profile, expected, &mut report);
    variables(profile, expected, &mut report);
    trust::check(profile, expected, &mut report);
    network::check(profile, expected, &mut report);
    report.findings.sort_by_key(|finding| finding.severity);
    report.findings
}

/// What is not as Apple's table of keys says.
fn keys(profile: &Profile, report: &mut Report) {
    for deviation in &profile.deviations {
        let place = format!("{}, {}", deviation.payload, deviation.key);
        let what = format!("{} {}", deviation.key, deviation.what);
        if deviation.is_grave {
            let why = "devices refuse the profile, or pass over the key";
            let fix = "correct it in the console that makes the profile, or use the file made here";
            report.problem("PROFILE-KEY", &place, [&what, why, fix]);
        } else {
            let why = "devices pass over keys they do not know, so that a typing error goes unseen";
            report.hint("PROFILE-KEY-UNKNOWN", &place, [&what, why, "compare the key's spelling"]);
        }
    }
}

/// Payloads point to each other by UUID.
fn identifiers(profile: &Profile, report: &mut Report) {
    for (place, payload) in profile.payloads.iter().enumerate() {
        let before = profile.payloads.iter().take(place);
        let mut same = before.filter(|other| other.uuid.eq_ignore_ascii_case(&payload.uuid));
        if let Some(other) = same.next() {
            let what = format!("it has the same PayloadUUID as {}", other.title);
            let why = "a device keeps one of the two, and points to either";
            let fix = "give each payload a UUID of its own";
            report.problem("PROFILE-UUID", &payload.title, [&what, why, fix]);
        }
    }
}

fn signature(profile: &Profile, report: &mut Report) {
    for signature in &profile.signatures {
        if !signature.fits {
            let signer = signature.signer.as_deref().unwrap_or("somebody unknown");
            let what = format!("the signature of {signer} does not fit the profile");
            let why = "devices refuse a signed profile that was changed afterwards";
            let fix = "download it again, or sign it again";
            report.problem("PROFILE-SIGNATURE", "the profile", [&what, why, fix]);
        }
    }
    let has_variables = profile
        .scep()
        .is_some_and(|scep| scep.texts().any(|(_, text)| !mdm::recognize(text).is_empty()));
    if has_variables && !profile.signatures.is_empty() {
        let what = "the profile is signed and has variables in it";
        let why = "an MDM cannot fill in what is signed, and pushes the variables' names";
        let fix = "upload the unsigned file";
        report.problem("PROFILE-SIGNED-VARIABLES", "the profile", [what, why, fix]);
    }
}

/// Variables that will not be filled in.
fn variables(profile: &Profile, expected: &Expected<'_>, report: &mut Report) {
    let Some(scep) = profile.scep() else { return };
    for (place, text) in scep.texts() {
        for found in mdm::recognize(text) {
            variable(&place, &found, expected.console, report);
        }
    }
}

fn variable(place: &str, found: &Found, console: Option<Platform>, report: &mut Report) {
    let labels: Vec<&str> = found.platforms.iter().map(|platform| platform.label()).collect();
    let whose = labels.join(" or ");
    let why = "a device would ask for a certificate in the variable's name, and is refused";
    match console {
        Some(console) if found.platforms.contains(&console) => {}
        // What these call their variables is not known here.
        Some(Platform::Addigy | Platform::Meraki | Platform::Generic) => {}
        Some(console) => {
            let what = format!(
                "{} is a variable of {whose}, and {} does not fill it in",
                found.text,
                console.label()
            );
            let fix = found.variable.map_or_else(
                || format!("choose a variable from the list of {}", console.label()),
                |variable| match mdm::spelling(console, variable) {
                    mdm::Spelling::Known(own) => format!("write {own}"),
                    mdm::Spelling::Missing | mdm::Spelling::Unknown => {
                        format!("{} has no such variable; use another", console.label())
                    }
                },
            );
            report.problem("PROFILE-VARIABLE-FOREIGN", place, [&what, why, &fix]);
        }
        None => {
            let what = format!("{} is a variable of {whose}", found.text);
            let fix = "push the profile by that MDM; installed by hand it does not work";
            report.hint("PROFILE-VARIABLE", place, [&what, why, fix]);
        }
    }
}
