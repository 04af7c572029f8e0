//! Lists that are printed again and again.

use core::time::Duration;
use std::io;
use std::io::IsTerminal;

use clap::Args;
use clap::CommandFactory;
use clap::error::ErrorKind;

use crate::output;

/// Clears the screen of a terminal and goes to its beginning.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// Whether a list is printed again and again.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// Print it again and again, every 2 seconds or as many as said; Ctrl-C ends it
    #[arg(
        long = "watch",
        value_name = "SECONDS",
        num_args = 0..=1,
        default_missing_value = "2",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    every: Option<u64>,
    #[command(flatten)]
    end: WatchEnd,
}

/// When it ends by itself.
#[derive(Args, Clone, Copy, Debug)]
struct WatchEnd {
    /// With --watch: end after so many seconds
    #[arg(long = "for", value_name = "SECONDS", requires = "every")]
    seconds: Option<u64>,
    /// With --watch: end after printing it so many times
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "every",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    count: Option<u64>,
}

impl Watch {
    /// Prints a list once, or as often as was asked.
    pub(crate) async fn print(
        &self,
        print: impl AsyncFn() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Some(every) = self.every else { return print().await };
        let WatchEnd { seconds, count } = self.end;
        let is_terminal = io::stdout().is_terminal();
        if !is_terminal && seconds.is_none() && count.is_none() {
            let what = "--watch without a terminal needs --for SECONDS or --count NUMBER";
            crate::Arguments::command().error(ErrorKind::MissingRequiredArgument, what).exit();
        }
        let again = async {
            let mut left = count;
            loop {
                if is_terminal {
                    output::part(CLEAR);
                }
                print().await?;
                left = left.map(|left| left.saturating_sub(1));
                if left == Some(0) {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_secs(every)).await;
            }
        };
        match seconds {
            None => again.await,
            // The end of the time is the end that was asked for.
            Some(seconds) => {
                tokio::time::timeout(Duration::from_secs(seconds), again).await.unwrap_or(Ok(()))
            }
        }
    }
}
