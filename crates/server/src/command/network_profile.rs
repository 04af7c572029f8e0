//! `safeconduct network-profile …`: what devices join, and whom they trust there.

mod configure;
mod render;

use std::process::ExitCode;

use actions::network_profile::Origin;
use actions::network_profile::Trusted;
use actions::network_profile::bundle;
use api::certificate::Page;
use clap::Args;
use clap::Subcommand;
use domain::object::Kind;

use crate::command::certificate::ListArguments;
use crate::command::certificate::escape;
use crate::command::certificate::more;
use crate::command::object;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Keep network profiles, and look at the certificates that devices are to trust.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    #[command(flatten)]
    Profile(object::Verb),
    /// List the certificates that a profile lets devices trust, or write them as PEM
    Certificates(CertificatesArguments),
    /// Write what devices, or an MDM's console, are given to join the network
    Render(render::Arguments),
    /// Print what access points and switches are told of the network and the RADIUS server
    Configure(configure::Arguments),
    /// List the public roots, which a profile may trust beside authorities
    PublicRoots(RootsArguments),
}

/// Of which profile, and how they are shown.
#[derive(Args, Debug)]
pub(crate) struct CertificatesArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Its name or slug
    name: String,
    /// Print the certificates themselves, one behind the other
    #[arg(long, conflicts_with = "json")]
    pem: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which public roots, and how they are shown.
#[derive(Args, Debug)]
pub(crate) struct RootsArguments {
    /// Those whose name or subject holds this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    #[command(flatten)]
    part: ListArguments,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Profile(verb) => return object::run(Kind::NetworkProfile, verb).await,
        Verb::Certificates(arguments) => certificates(&arguments).await?,
        Verb::Configure(arguments) => configure::run(&arguments).await?,
        Verb::Render(arguments) => render::run(&arguments).await?,
        Verb::PublicRoots(arguments) => {
            arguments.part.print(async || roots(&arguments).await).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn certificates(arguments: &CertificatesArguments) -> anyhow::Result<()> {
    let path =
        object::url(Kind::NetworkProfile, &format!("/{}/certificates", escape(&arguments.name)));
    let connection = Connection::open(&arguments.data, false).await?;
    let page = connection.get::<Page<Trusted>>(&path).await;
    connection.close().await;
    let page = page?;
    if arguments.json {
        return output::json(&page);
    }
    if arguments.pem {
        output::line(bundle(&page.items).trim_end());
        return Ok(());
    }
    print(&page.items);
    Ok(())
}

async fn roots(arguments: &RootsArguments) -> anyhow::Result<()> {
    let search = arguments.search.iter();
    let query: String = search.map(|text| format!("&search={}", escape(text))).collect();
    let page = arguments.part.page_of("public-roots", &query).await?;
    if arguments.part.json() {
        return output::json(&page);
    }
    let items: Vec<Trusted> =
        page.items.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
    print(&items);
    more(page.next.as_deref());
    Ok(())
}

fn print(items: &[Trusted]) {
    let rows = items.iter().map(|one| {
        let kind = match one.kind {
            Origin::Own => "own",
            Origin::Public => "public",
            Origin::Uploaded => "uploaded",
        };
        let (name, kind, end) = (one.name.clone(), kind.to_owned(), one.not_after.to_rfc3339());
        vec![name, kind, end, one.sha256.clone()]
    });
    output::table(&["NAME", "KIND", "NOT AFTER", "SHA-256"], &rows.collect::<Vec<_>>());
}
