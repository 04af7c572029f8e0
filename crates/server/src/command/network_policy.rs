//! `safeconduct network-policy …`: looking at policies as at workflows, and at what they may send,
//! which is the same in every organization, so that none is asked.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use clap::Subcommand;
use domain::network_policy::listing;
use domain::network_policy::listing::ListedDictionary;
use domain::object::Kind;

use crate::command::object;
use crate::output;

/// Look at what network policies may send.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one of it is made in a run")]
pub(crate) enum Verb {
    #[command(flatten)]
    Policy(object::PolicyVerb),
    /// List the presets: what a network needs, and the attributes that make it so
    Presets(PresetsArguments),
    /// List the dictionaries, or the attributes of one
    Dictionary(DictionaryArguments),
}

/// How presets are shown.
#[derive(Args, Debug)]
pub(crate) struct PresetsArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which dictionary.
#[derive(Args, Debug)]
pub(crate) struct DictionaryArguments {
    /// The dictionary: RADIUS:IETF or a vendor
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Policy(verb) => return object::run_policy(Kind::NetworkPolicy, verb).await,
        Verb::Presets(arguments) => presets(&arguments)?,
        Verb::Dictionary(arguments) => dictionary(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn presets(arguments: &PresetsArguments) -> anyhow::Result<()> {
    let presets = listing::presets();
    if arguments.json {
        return output::json(&serde_json::json!({ "items": presets, "next": null }));
    }
    for preset in presets {
        output::line(&format!("{}: {}", preset.name, preset.meaning));
        output::line(&format!("  value      {} (such as {})", preset.value, preset.example));
        output::line(&format!("  equipment  {}", preset.vendors));
        output::line(&format!("  sends      {}", preset.attributes.join(", ")));
    }
    Ok(())
}

fn dictionary(arguments: &DictionaryArguments) -> anyhow::Result<()> {
    let all = listing::dictionaries();
    let Some(name) = &arguments.name else {
        if arguments.json {
            return output::json(&serde_json::json!({ "items": all, "next": null }));
        }
        output::table(&["NAME", "VENDOR", "ATTRIBUTES"], &all.iter().map(row).collect::<Vec<_>>());
        return Ok(());
    };
    let Some(found) = all.iter().find(|one| one.name.eq_ignore_ascii_case(name)) else {
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        bail!("there is no dictionary \"{}\"; use one of {}", output::safe(name), names.join(", "));
    };
    if arguments.json {
        return output::json(found);
    }
    let attributes = found.attributes.iter().map(|attribute| {
        let (number, values) = (attribute.number.to_string(), attribute.values.join(", "));
        vec![attribute.name.clone(), number, attribute.kind.clone(), values]
    });
    output::table(&["ATTRIBUTE", "NUMBER", "TYPE", "VALUES"], &attributes.collect::<Vec<_>>());
    Ok(())
}

fn row(dictionary: &ListedDictionary) -> Vec<String> {
    let vendor = dictionary.vendor.map(|number| number.to_string()).unwrap_or_default();
    vec![dictionary.name.clone(), vendor, dictionary.attributes.len().to_string()]
}
