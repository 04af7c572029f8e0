//! Load for a RADIUS server: devices that join with EAP-TLS, over and over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use thiserror::Error;

use crate::access_point::AccessPoint;
use crate::access_point::ExchangeError;
use crate::load::CONCURRENCY_MAX;
use crate::load::Clock;
use crate::load::Fault;
use crate::load::Goal;
use crate::load::Progress;
use crate::load::Starter;
use crate::load::Tally;
use crate::network;
use crate::network::Device;
use crate::network::Options;
use crate::network::Outcome;

/// Whether devices come back or come for the first time, each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// They remember nothing: every login proves the device's key.
    Full,
    /// They resume the TLS session of a login before, which is not counted.
    Resumed,
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The devices; with more at once than these, several are the same.
    pub devices: Vec<Options>,
    /// How many join at once, at most `CONCURRENCY_MAX`.
    pub concurrency: u16,
    /// When it ends.
    pub goal: Goal,
    /// How they join.
    pub login: Login,
    /// The VLAN that each of them must be put into, if it matters.
    pub vlan: Option<String>,
}

/// Why there is nothing to measure.
#[derive(Debug, Error)]
pub enum Error {
    /// No device.
    #[error("there is no device that could join")]
    NoDevice,
    /// A device did not get in before the run.
    #[error("{kind}: {said}")]
    Wrong {
        /// The kind of fault, as a run would count it.
        kind: &'static str,
        /// What went wrong.
        said: String,
    },
    /// The system gives no thread.
    #[error("the system gives no thread more: {0}")]
    Thread(#[from] std::io::Error),
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Logins, right and wrong, and their times.
    pub tally: Tally,
    /// How long it took.
    pub took: Duration,
    /// Logins that went right and resumed an earlier one, as the handshake itself says.
    pub resumed: u64,
    /// Requests that the server answered for the logins that went right.
    pub round_trips: u64,
    /// Copies of requests that were sent because no answer came in time.
    pub resent: u64,
    /// What TLS agreed on, and how often: version and cipher suite.
    pub agreed: BTreeMap<String, u64>,
    /// The VLANs that devices were put into, and how often; empty for none.
    pub vlans: BTreeMap<String, u64>,
}

/// Devices that have shown that they get in, ready to go.
#[derive(Debug)]
pub struct Ready<'a> {
    plan: &'a Plan,
    clock: Clock,
    pairs: Vec<Pair<'a>>,
}

/// A device and the access point that it is near to.
#[derive(Debug)]
struct Pair<'a> {
    device: Device<'a>,
    access_point: AccessPoint,
}

/// Opens the devices. The first one joins, and with `Login::Resumed` every one, so that whatever
/// is wrong with secret, certificates or server is told at once.
///
/// # Errors
/// [`Error`] says why nobody gets in.
pub fn prepare(plan: &Plan, clock: Clock) -> Result<Ready<'_>, Error> {
    let mut pairs = Vec::new();
    let devices = plan.devices.iter().cycle();
    for (number, options) in devices.take(plan.concurrency.min(CONCURRENCY_MAX).into()).enumerate()
    {
        let mut pair = Pair::open(options, clock).map_err(wrong)?;
        if number == 0 || plan.login == Login::Resumed {
            let outcome = pair.join(clock).map_err(wrong)?;
            plan.judge(&outcome, options).map_err(|(kind, said)| Error::Wrong { kind, said })?;
        }
        pairs.push(pair);
    }
    if pairs.is_empty() { Err(Error::NoDevice) } else { Ok(Ready { plan, clock, pairs }) }
}

fn wrong(error: network::Error) -> Error {
    Error::Wrong { kind: kind(&error), said: error.to_string() }
}

impl Ready<'_> {
    /// Lets all devices join until the goal is reached.
    ///
    /// # Errors
    /// There are not enough threads.
    pub fn run(self, progress: Arc<Progress>) -> Result<Report, Error> {
        let Self { plan, clock, pairs } = self;
        let begin = (clock.instant)();
        let starter = Starter::new(plan.goal, begin, progress);
        let mut report = thread::scope(|scope| {
            let mut running = Vec::new();
            for mut pair in pairs {
                let starter = &starter;
                let work = move || pair.work(plan, starter, clock);
                running.push(thread::Builder::new().spawn_scoped(scope, work)?);
            }
            let mut report = Report::default();
            for thread in running {
                // A thread that panicked shows as logins that are missing.
                report.join(thread.join().unwrap_or_default());
            }
            Ok::<_, Error>(report)
        })?;
        report.took = (clock.instant)().duration_since(begin);
        Ok(report)
    }
}

impl<'a> Pair<'a> {
    fn open(options: &'a Options, clock: Clock) -> Result<Self, network::Error> {
        let device = Device::open(options, (clock.time)())?;
        let access_point = device.access_point()?;
        Ok(Self { device, access_point })
    }

    fn join(&mut self, clock: Clock) -> Result<Outcome, network::Error> {
        self.device.join_through(&mut self.access_point, (clock.time)())
    }

    fn work(&mut self, plan: &Plan, starter: &Starter, clock: Clock) -> Report {
        let mut report = Report::default();
        let resent = self.access_point.resent();
        loop {
            let begin = (clock.instant)();
            if starter.next(begin).is_none() {
                break;
            }
            let joined = match plan.login {
                Login::Full => self.device.forget((clock.time)()).and_then(|()| self.join(clock)),
                Login::Resumed => self.join(clock),
            };
            let took = (clock.instant)().duration_since(begin);
            let options = self.device.options();
            let judged = joined
                .map_err(|error| (kind(&error), error.to_string()))
                .and_then(|outcome| plan.judge_login(&outcome, options).map(|()| outcome));
            match judged {
                Ok(outcome) => {
                    report.right(&outcome, took);
                    starter.progress.right();
                }
                Err(fault) => {
                    report.tally.wrong(fault);
                    starter.progress.wrong();
                }
            }
        }
        report.resent = self.access_point.resent() - resent;
        report
    }
}

impl Report {
    fn right(&mut self, outcome: &Outcome, took: Duration) {
        self.tally.right(took);
        self.resumed += u64::from(outcome.resumed);
        self.round_trips += u64::from(outcome.rounds);
        let version = outcome.tls_version.map(|version| version.to_string()).unwrap_or_default();
        let suite = outcome.cipher_suite.as_deref().unwrap_or_default();
        *self.agreed.entry(format!("{version} {suite}")).or_default() += 1;
        let vlan = outcome.vlan.clone().unwrap_or_default();
        *self.vlans.entry(vlan).or_default() += 1;
    }

    fn join(&mut self, other: Self) {
        self.tally.join(other.tally);
        self.resumed += other.resumed;
        self.round_trips += other.round_trips;
        self.resent += other.resent;
        for (agreed, count) in other.agreed {
            *self.agreed.entry(agreed).or_default() += count;
        }
        for (vlan, count) in other.vlans {
            *self.vlans.entry(vlan).or_default() += count;
        }
    }
}

impl Plan {
    fn judge_login(&self, outcome: &Outcome, options: &Options) -> Result<(), Fault> {
        self.judge(outcome, options)?;
        match self.login {
            Login::Full if outcome.resumed => {
                Err(("resumed", "the device had forgotten its session and was resumed".to_owned()))
            }
            Login::Resumed if !outcome.resumed => {
                Err(("not resumed", "the server did a full handshake".to_owned()))
            }
            Login::Full | Login::Resumed => Ok(()),
        }
    }

    fn judge(&self, outcome: &Outcome, options: &Options) -> Result<(), Fault> {
        if !outcome.accepted {
            let failure = outcome.failure.as_ref().map(ToString::to_string);
            return Err(("not accepted", failure.unwrap_or_else(|| "no reason".to_owned())));
        }
        if !outcome.keys_match {
            let said = "the access point's keys (MS-MPPE) are not those of the device";
            return Err(("wrong keys", said.to_owned()));
        }
        if options.trusted.is_some() && !outcome.server_verified {
            return Err(("server not verified", "the server is not the trusted one".to_owned()));
        }
        if self.vlan.is_some() && outcome.vlan != self.vlan {
            let vlan = outcome.vlan.as_deref().unwrap_or("none");
            return Err(("wrong VLAN", format!("the device was put into VLAN {vlan}")));
        }
        Ok(())
    }
}

fn kind(error: &network::Error) -> &'static str {
    match error {
        network::Error::Settings(_) | network::Error::Tls(_) => "not usable",
        network::Error::Exchange(error) => match error {
            ExchangeError::Network { .. } => "not reached",
            ExchangeError::NoAnswer(_) => "no answer",
            ExchangeError::NotBelieved { .. } => "answer not believed",
            ExchangeError::TooLarge(_) | ExchangeError::Random => "not sent",
        },
        network::Error::NoEap | network::Error::Senseless => "not EAP-TLS",
        network::Error::TooManyRounds => "too many rounds",
    }
}
