//! Commands: one file each.

mod apply;
mod audit;
mod authenticate;
mod bench;
mod certificate;
mod certificate_authority;
mod certificate_template;
mod demo;
mod device;
mod doctor;
mod draft;
mod enroll;
mod event;
mod explain;
mod export;
mod inventory;
mod network_policy;
mod person;
mod plan_text;
mod policy;
mod replay;
mod seed;
mod serve;
mod simulate;
mod toml_document;
mod toml_writer;
mod version;

use std::process::ExitCode;

use clap::Subcommand;
use domain::object::Kind;

/// What the program can be asked to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play the whole story with simulated devices, on loopback and free ports
    Demo(demo::Arguments),
    /// Serve enrollment and RADIUS for an organization, until stopped
    Serve(serve::Arguments),
    /// Make an organization as a file describes it; works with the server running or stopped
    Apply(apply::Arguments),
    /// Write an organization as the file that makes it again
    Export(export::Arguments),
    /// Check that the record of changes is complete and unedited
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Look at certificates, revoke them, put them on hold
    #[command(subcommand)]
    Certificate(certificate::Verb),
    /// Look at certificate authorities, renew one, or take its certificate along
    #[command(subcommand)]
    CertificateAuthority(certificate_authority::Verb),
    /// Try out certificate templates
    #[command(subcommand)]
    CertificateTemplate(certificate_template::Verb),
    /// Keep the devices of the inventory: list, show, add, edit, remove, import a table
    #[command(subcommand)]
    Device(device::Verb),
    /// Keep the people whom devices belong to: list, show, add, edit, remove, import a table
    #[command(subcommand)]
    Person(person::Verb),
    /// Find out what is wrong with an organization, and what to do about it
    Doctor(doctor::Arguments),
    /// Look at what happened, and why
    #[command(subcommand)]
    Event(event::Verb),
    /// Say why a device was answered as it was
    Explain(explain::Arguments),
    /// Say what would happen if a device came, with the policies of now or a draft
    Simulate(simulate::Arguments),
    /// Answer what devices asked once more, with a draft: who would lose access, who would gain it
    Replay(replay::Arguments),
    /// Look at policy workflows, and go back to an earlier version of one
    #[command(subcommand)]
    PolicyWorkflow(policy::Verb),
    /// Look at enrollment policies, and go back to an earlier version of one
    #[command(subcommand)]
    EnrollmentPolicy(policy::Verb),
    /// Look at network policies and what they may send, and go back to an earlier version of one
    #[command(subcommand)]
    NetworkPolicy(network_policy::Verb),
    /// Ask for a certificate as a device does
    Enroll(enroll::Arguments),
    /// Join the network as a device does, through a simulated access point
    Authenticate(authenticate::Arguments),
    /// Fill an organization with certificates of devices that do not exist, to measure with
    Seed(seed::Arguments),
    /// Put load on a server, ours or another's, and check every answer
    #[command(subcommand)]
    Bench(bench::Verb),
    /// Say which version this is
    Version(version::Arguments),
}

impl Command {
    /// What is logged if `$SAFECONDUCT_LOG` does not say: a server tells what it does, other
    /// commands only what goes wrong.
    pub(crate) fn log_level(&self) -> &'static str {
        match self {
            Self::Serve(_) => "info",
            Self::Demo(_)
            | Self::Apply(_)
            | Self::Export(_)
            | Self::Audit(_)
            | Self::Certificate(_)
            | Self::CertificateAuthority(_)
            | Self::CertificateTemplate(_)
            | Self::Device(_)
            | Self::Person(_)
            | Self::Doctor(_)
            | Self::Event(_)
            | Self::Explain(_)
            | Self::Simulate(_)
            | Self::Replay(_)
            | Self::PolicyWorkflow(_)
            | Self::EnrollmentPolicy(_)
            | Self::NetworkPolicy(_)
            | Self::Enroll(_)
            | Self::Authenticate(_)
            | Self::Seed(_)
            | Self::Bench(_)
            | Self::Version(_) => "warn",
        }
    }
}

/// Does what was asked.
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Apply(arguments) => apply::run(arguments).await,
        Command::Export(arguments) => export::run(arguments).await,
        Command::Audit(verb) => audit::run(verb).await,
        Command::Certificate(verb) => certificate::run(verb).await,
        Command::CertificateAuthority(verb) => certificate_authority::run(verb).await,
        Command::CertificateTemplate(verb) => certificate_template::run(verb).await,
        Command::Device(verb) => device::run(verb).await,
        Command::Person(verb) => person::run(verb).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
        Command::Event(verb) => event::run(verb).await,
        Command::Explain(arguments) => explain::run(arguments).await,
        Command::Simulate(arguments) => simulate::run(arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::PolicyWorkflow(verb) => policy::run(Kind::PolicyWorkflow, verb).await,
        Command::EnrollmentPolicy(verb) => policy::run(Kind::EnrollmentPolicy, verb).await,
        Command::NetworkPolicy(verb) => network_policy::run(verb).await,
        Command::Enroll(arguments) => enroll::run(arguments).await,
        Command::Authenticate(arguments) => authenticate::run(arguments).await,
        Command::Seed(arguments) => seed::run(arguments).await,
        Command::Bench(verb) => bench::run(verb).await,
        Command::Version(arguments) => version::run(&arguments),
    }
}
