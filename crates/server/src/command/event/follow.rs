//! `safeconduct event follow`

use core::time::Duration;

use anyhow::Context;
use anyhow::anyhow;
use api::certificate::Page;
use clap::Args;
use domain::event::Moment;
use domain::event::Shown;
use domain::event::following::Following;
use domain::event::listing::FIELDS;
use domain::filter::Filter;
use domain::filter::Pattern;
use pki::time::Time;

use crate::clock;
use crate::command::certificate::escape;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Between two looks; answers to devices are written within as much.
const PAUSE: Duration = Duration::from_millis(500);

/// Events of one answer.
const PAGE: u32 = 1000;

/// Which events, in which form, and until when.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// Only those: terms such as kind:network.access -outcome:accepted; `event fields` lists the
    /// fields
    #[arg(long, value_name = "TERMS")]
    filter: Option<String>,
    /// Begin with what happened since then: a moment, a date, or how long ago, such as 10m
    #[arg(long, value_name = "MOMENT")]
    since: Option<String>,
    /// End after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    /// End after so many events
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Print JSON, one document a line
    #[arg(long)]
    json: bool,
}

/// Prints events as they come.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let start = start(arguments, clock::now())?;
    let connection = Connection::open(&arguments.data, false).await?;
    let followed = async {
        let following = follow(&connection, arguments, Following::from(start));
        match arguments.seconds {
            None => following.await,
            // The end of the time is the end that was asked for.
            Some(seconds) => {
                let limit = Duration::from_secs(seconds);
                tokio::time::timeout(limit, following).await.unwrap_or(Ok(()))
            }
        }
    };
    let ended = tokio::select! {
        ended = followed => ended,
        stopped = tokio::signal::ctrl_c() => stopped.context("Ctrl-C cannot be waited for"),
    };
    connection.close().await;
    ended
}

/// From when on events are wanted: as --since says, else as the filter does, else from now on.
fn start(arguments: &Arguments, now: Moment) -> anyhow::Result<Moment> {
    let of = |text: &str| {
        let filter = Filter::parse(text, &FIELDS, now.time())?;
        let since = filter.of("since").find_map(|term| match term.pattern {
            Pattern::At(time) => Some(time),
            Pattern::Is(_) | Pattern::Begins(_) => None,
        });
        Ok::<Option<Time>, domain::refusal::Refusal>(since)
    };
    let given = match &arguments.since {
        Some(since) => of(&format!("since:{since}")).map_err(|_| {
            anyhow!(
                "--since {} is no moment: write 2026-11-21T08:00Z, a date, or a time ago such as \
                 10m, 2h, 7d",
                output::safe(since)
            )
        })?,
        // What is wrong with it, the API says.
        None => arguments.filter.as_deref().and_then(|filter| of(filter).ok().flatten()),
    };
    Ok(given.map_or(now, |Time(seconds)| Moment(seconds.saturating_mul(1000))))
}

async fn follow(
    connection: &Connection,
    arguments: &Arguments,
    mut following: Following,
) -> anyhow::Result<()> {
    let filter = arguments.filter.as_deref().map(|text| format!("&filter={}", escape(text)));
    let filter = filter.unwrap_or_default();
    let mut left = arguments.count;
    loop {
        let mut next = Some(following.look(clock::now()).to_string());
        while let Some(cursor) = next {
            let path = format!("/api/v1/events?order=oldest&limit={PAGE}&cursor={cursor}{filter}");
            let page: Page<Shown> = connection.get(&path).await?;
            for event in page.items {
                if !following.is_new(event.id) {
                    continue;
                }
                print(&event, arguments.json)?;
                left = left.map(|left| left.saturating_sub(1));
                if left == Some(0) {
                    return Ok(());
                }
            }
            next = page.next;
        }
        following.settle();
        if connection.is_here() {
            output::note("no server runs on this data: nothing new can come");
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn print(event: &Shown, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json_line(event);
    }
    let Shown { at, kind, outcome, object, reason, .. } = event;
    let mut line = format!("{at}  {}  {kind}  {object}", outcome.as_str());
    if let Some(device) = event.details.get("device").and_then(|device| device.as_str()) {
        line.push_str(&format!("  {device}"));
    }
    if let Some(reason) = reason {
        line.push_str(&format!("  {}: {}", reason.code, reason.sentence));
    }
    output::line(&output::safe(&line));
    Ok(())
}
