//! Commands: one file each.

mod administrator;
mod apply;
mod audit;
mod authenticate;
mod bench;
mod certificate;
mod certificate_authority;
mod certificate_template;
mod completions;
mod demo;
mod device;
mod doctor;
mod draft;
mod enroll;
mod event;
mod explain;
mod export;
mod gateway;
mod handbook;
mod inspect;
mod inventory;
mod man;
mod network_policy;
mod network_profile;
mod object;
mod organization;
mod overview;
mod password;
mod person;
pub(crate) mod plan_text;
mod replay;
mod search;
mod seed;
mod serve;
mod session;
mod simulate;
mod token;
mod toml_document;
pub(crate) mod toml_writer;
mod trust_file;
mod version;
mod watch;

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
    /// Keep certificate authorities: list, show, add, edit, renew, download
    #[command(subcommand)]
    CertificateAuthority(certificate_authority::Verb),
    /// Keep certificate templates, and try them out
    #[command(subcommand)]
    CertificateTemplate(certificate_template::Verb),
    /// Keep the devices of the inventory: list, show, add, edit, remove, import a table
    #[command(subcommand)]
    Device(device::Verb),
    /// Keep the people whom devices belong to: list, show, add, edit, remove, import a table
    #[command(subcommand)]
    Person(person::Verb),
    /// Show how an organization fares: who asked and how it came out, and what ends when
    Overview(overview::Arguments),
    /// Find out what is wrong with an organization, and what to do about it
    Doctor(doctor::Arguments),
    /// Check a profile that was made elsewhere: what will not work on devices, and the fix
    Inspect(inspect::Arguments),
    /// Look at what happened, and why
    #[command(subcommand)]
    Event(event::Verb),
    /// Find whatever a number, address or name may mean
    Search(search::Arguments),
    /// Say why a device was answered as it was
    Explain(explain::Arguments),
    /// Say what would happen if a device came, with the policies of now or a draft
    Simulate(simulate::Arguments),
    /// Answer what devices asked once more, with a draft: who would lose access, who would gain it
    Replay(replay::Arguments),
    /// Look at the organization's own name and address, and change them
    #[command(subcommand)]
    Organization(organization::Verb),
    /// Keep the certificates of the RADIUS server
    #[command(subcommand)]
    ServerCertificate(object::Verb),
    /// Keep gateways, at which devices ask for certificates, and their challenges
    #[command(subcommand)]
    Gateway(gateway::Verb),
    /// Keep policy workflows, which give roles
    #[command(subcommand)]
    PolicyWorkflow(object::PolicyVerb),
    /// Keep enrollment policies: which authority and template a role leads to
    #[command(subcommand)]
    EnrollmentPolicy(object::PolicyVerb),
    /// Keep network policies, and look at what they may send
    #[command(subcommand)]
    NetworkPolicy(network_policy::Verb),
    /// Keep network profiles: what devices are to join, and whom they trust there
    #[command(subcommand)]
    NetworkProfile(network_profile::Verb),
    /// Keep access points, the RADIUS clients, and their shared secrets
    #[command(subcommand)]
    AccessPoint(gateway::AccessPointVerb),
    /// Keep administrators: who may do what
    #[command(subcommand)]
    Administrator(administrator::Verb),
    /// Keep the tokens by which programs act for administrators
    #[command(subcommand)]
    Token(token::Verb),
    /// Look at who is signed in to the portal, and end sessions
    #[command(subcommand)]
    Session(session::Verb),
    /// Ask for a certificate as a device does
    Enroll(enroll::Arguments),
    /// Join the network as a device does, through a simulated access point
    Authenticate(authenticate::Arguments),
    /// Fill an organization with certificates of devices that do not exist, to measure with
    Seed(seed::Arguments),
    /// Put load on a server, ours or another's, and check every answer
    #[command(subcommand)]
    Bench(bench::Verb),
    /// Write what completes commands in a shell
    Completions(completions::Arguments),
    /// Write a man page of every command
    Man(man::Arguments),
    /// Print the page of the handbook that lists every command
    #[command(hide = true)]
    HandbookCommands,
    /// Print the page of the handbook that tells the API
    #[command(hide = true)]
    HandbookApi,
    /// Print the page of the handbook that lists every key of the declarative file
    #[command(hide = true)]
    HandbookKeys,
    /// Print every page of the portal, as a JSON document
    #[command(hide = true)]
    HandbookPages,
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
            | Self::Overview(_)
            | Self::Doctor(_)
            | Self::Inspect(_)
            | Self::Event(_)
            | Self::Explain(_)
            | Self::Search(_)
            | Self::Simulate(_)
            | Self::Replay(_)
            | Self::Organization(_)
            | Self::ServerCertificate(_)
            | Self::Gateway(_)
            | Self::NetworkProfile(_)
            | Self::AccessPoint(_)
            | Self::Administrator(_)
            | Self::Token(_)
            | Self::Session(_)
            | Self::PolicyWorkflow(_)
            | Self::EnrollmentPolicy(_)
            | Self::NetworkPolicy(_)
            | Self::Enroll(_)
            | Self::Authenticate(_)
            | Self::Seed(_)
            | Self::Bench(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::HandbookCommands
            | Self::HandbookApi
            | Self::HandbookKeys
            | Self::HandbookPages
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
        Command::Overview(arguments) => overview::run(arguments).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
        Command::Inspect(arguments) => inspect::run(arguments).await,
        Command::Event(verb) => event::run(verb).await,
        Command::Search(arguments) => search::run(arguments).await,
        Command::Explain(arguments) => explain::run(arguments).await,
        Command::Simulate(arguments) => simulate::run(arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::Organization(verb) => organization::run(verb).await,
        Command::ServerCertificate(verb) => object::run(Kind::ServerCertificate, verb).await,
        Command::Gateway(verb) => gateway::run(verb).await,
        Command::PolicyWorkflow(verb) => object::run_policy(Kind::PolicyWorkflow, verb).await,
        Command::EnrollmentPolicy(verb) => object::run_policy(Kind::EnrollmentPolicy, verb).await,
        Command::NetworkPolicy(verb) => network_policy::run(verb).await,
        Command::NetworkProfile(verb) => network_profile::run(verb).await,
        Command::AccessPoint(verb) => gateway::run_access_point(verb).await,
        Command::Administrator(verb) => administrator::run(verb).await,
        Command::Token(verb) => token::run(verb).await,
        Command::Session(verb) => session::run(verb).await,
        Command::Enroll(arguments) => enroll::run(arguments).await,
        Command::Authenticate(arguments) => authenticate::run(arguments).await,
        Command::Seed(arguments) => seed::run(arguments).await,
        Command::Bench(verb) => bench::run(verb).await,
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::HandbookCommands => Ok(handbook::run()),
        Command::HandbookApi => Ok(handbook::api::run()),
        Command::HandbookKeys => Ok(handbook::keys::run()),
        Command::HandbookPages => handbook::pages::run(),
        Command::Version(arguments) => version::run(&arguments),
    }
}
