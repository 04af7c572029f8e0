//! `safeconduct server-certificate …`: what the RADIUS server shows to devices, and its life.

mod importing;

use std::process::ExitCode;

use actions::server_certificate::Shown;
use actions::server_certificate::ShownSlot;
use actions::server_certificate::coverage::Coverage;
use actions::server_certificate::renewal;
use actions::server_certificate::switching;
use clap::Args;
use clap::Subcommand;
use domain::object::Kind;
use domain::server_certificate::coverage::Verdict;
use serde_json::Value;
use serde_json::json;

use crate::command::certificate::escape;
use crate::command::certificate::more;
use crate::command::object;
use crate::command::object::NamedArguments;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Keep the certificates that the RADIUS server shows to devices.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    #[command(flatten)]
    Object(object::Verb),
    /// Show what devices are shown, what waits in its place, and what they were shown before
    Slots(NamedArguments),
    /// Make a new key and certificate; shown at once if it leads to the same root
    Renew(RenewArguments),
    /// Take a certificate from elsewhere with its key: PEM files, or a PKCS #12 bundle
    Import(importing::Arguments),
    /// Say which devices trust what waits to be shown, and list those that do not
    Coverage(CoverageArguments),
    /// Show devices what waits; refused with their number if some might be cut off
    Switch(SwitchArguments),
    /// Drop what waits to be shown, with its key
    Discard(NamedArguments),
}

/// Which one, and where the new certificate goes.
#[derive(Args, Debug)]
pub(crate) struct RenewArguments {
    #[command(flatten)]
    named: NamedArguments,
    /// Put it beside what is shown, to be switched to later: for another root
    #[arg(long)]
    next: bool,
}

/// Which one, and which way.
#[derive(Args, Debug)]
pub(crate) struct SwitchArguments {
    #[command(flatten)]
    named: NamedArguments,
    /// Show again what was shown before; what is shown now waits then
    #[arg(long)]
    back: bool,
    /// So many devices may be cut off
    #[arg(long, value_name = "NUMBER")]
    confirm: Option<u64>,
}

/// Which one, which of its certificates, and which part of the list.
#[derive(Args, Debug)]
pub(crate) struct CoverageArguments {
    #[command(flatten)]
    named: NamedArguments,
    /// Of which certificate: of what waits, if not given, else of what is shown
    #[arg(long, value_parser = ["active", "next", "previous"])]
    slot: Option<String>,
    /// Most devices that are listed
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on behind another part of the list
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Object(verb) => return object::run(Kind::ServerCertificate, verb).await,
        Verb::Slots(arguments) => slots(&arguments).await?,
        Verb::Renew(arguments) => {
            let order = renewal::Order { next: arguments.next };
            change(&arguments.named, "renew", &serde_json::to_value(order)?).await?;
        }
        Verb::Import(arguments) => importing::run(&arguments).await?,
        Verb::Coverage(arguments) => coverage(&arguments).await?,
        Verb::Switch(arguments) => {
            let SwitchArguments { named, back, confirm } = &arguments;
            let order = switching::Order { back: *back, confirm: *confirm, sha256: None };
            change(named, "switch", &serde_json::to_value(order)?).await?;
        }
        Verb::Discard(arguments) => discard(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Where one of them, or a part of it, is in the API.
fn url(name: &str, part: &str) -> String {
    object::url(Kind::ServerCertificate, &format!("/{}/{part}", escape(name)))
}

async fn slots(arguments: &NamedArguments) -> anyhow::Result<()> {
    let shown = get::<Shown>(&arguments.data, &url(&arguments.name, "slots")).await?;
    print(&shown, arguments.json)
}

async fn get<T: serde::de::DeserializeOwned>(data: &DataArgument, path: &str) -> anyhow::Result<T> {
    let connection = Connection::open(data, false).await?;
    let got = connection.get::<T>(path).await;
    connection.close().await;
    Ok(got?)
}

/// Asks for a change, and shows what there is then.
async fn change(named: &NamedArguments, part: &str, order: &Value) -> anyhow::Result<()> {
    let connection = Connection::open(&named.data, false).await?;
    let shown = connection.post::<Shown>(&url(&named.name, part), order).await;
    connection.close().await;
    print(&shown?, named.json)
}

async fn discard(arguments: &NamedArguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let dropped = connection.delete(&url(&arguments.name, "next")).await;
    connection.close().await;
    dropped?;
    if arguments.json {
        return output::json(&json!({ "discarded": arguments.name }));
    }
    output::line("What waited to be shown is dropped, with its key.");
    Ok(())
}

fn print(shown: &Shown, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(shown);
    }
    let Shown { active, next, previous, .. } = shown;
    let slots =
        [("active", Some(active)), ("next", next.as_ref()), ("previous", previous.as_ref())];
    let slots: Vec<(&str, &ShownSlot)> =
        slots.into_iter().filter_map(|(name, slot)| Some((name, slot?))).collect();
    let rows = slots.iter().map(|(name, slot)| {
        let origin = if slot.imported { "imported" } else { "made" };
        vec![
            (*name).to_owned(),
            slot.serial.clone(),
            slot.root.clone(),
            origin.to_owned(),
            slot.not_before.to_rfc3339(),
            slot.not_after.to_rfc3339(),
        ]
    });
    let head = ["SLOT", "SERIAL", "ROOT", "ORIGIN", "NOT BEFORE", "NOT AFTER"];
    output::table(&head, &rows.collect::<Vec<_>>());
    output::line("");
    for (name, slot) in &slots {
        output::line(&output::safe(&format!("{name} names   {}", slot.names.join(", "))));
        output::line(&format!("{name} SHA-256 {}", slot.sha256));
    }
    if next.as_ref().is_some_and(|next| !next.same_root) {
        output::line("");
        output::line("What waits leads to another root: see who trusts it with");
        output::line("  safeconduct server-certificate coverage NAME");
    }
    Ok(())
}

async fn coverage(arguments: &CoverageArguments) -> anyhow::Result<()> {
    let CoverageArguments { named, slot, limit, cursor } = arguments;
    let given = [("slot", slot), ("cursor", cursor)];
    let given = given.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    let query: String = given.map(|(name, text)| format!("&{name}={}", escape(text))).collect();
    let path = url(&named.name, &format!("coverage?limit={limit}{query}"));
    let coverage = get::<Coverage>(&named.data, &path).await?;
    if named.json {
        return output::json(&coverage);
    }
    let Coverage { slot, root, devices, cut_off, network_profiles, items, next, .. } = coverage;
    output::line(&output::safe(&format!("the certificate in {} leads to {root}", slot.as_str())));
    let head = ["NETWORK PROFILE", "TRUST IT", "DO NOT", "UNKNOWN", "TRUSTS IT NOW"];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in network_profiles {
        let counts = [one.devices.covered, one.devices.uncovered, one.devices.unknown];
        let trusts = if one.trusts_now { "yes" } else { "no" };
        let mut row = vec![one.name];
        row.extend(counts.map(|count| count.to_string()));
        row.push(trusts.to_owned());
        rows.push(row);
    }
    output::table(&head, &rows);
    output::line("");
    let all = devices.all();
    output::line(&format!("of {all} devices, {cut_off} might be cut off"));
    if items.is_empty() {
        return Ok(());
    }
    let rows = items.into_iter().map(|one| {
        let why = match one.verdict {
            Verdict::Covered => "trusts it",
            Verdict::Unknown => "its profile is not known",
            Verdict::Uncovered => "its profile does not trust it",
        };
        vec![one.device, one.network_profiles.join(", "), why.to_owned(), one.serial]
    });
    output::line("");
    output::table(&["DEVICE", "NETWORK PROFILE", "WHY", "SERIAL"], &rows.collect::<Vec<_>>());
    more(next.as_deref());
    Ok(())
}
