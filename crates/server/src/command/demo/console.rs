//! The demo's MDM: a stand-in for Mosyle that gets its profiles as an administrator would upload
//! them, and what its devices do with them.

use actions::network_profile::render::Order;
use actions::network_profile::render::Rendered;
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use device::enrollment;
use device::enrollment::Enrolled;
use device::mdm::Assignment;
use device::mdm::Mdm;
use device::mdm::Push;
use device::mdm::Status;
use device::profile;
use device::profile::Network;
use domain::object::Kind;
use domain::secret::Secret;

use super::cast::Actor;
use super::cast::Fate;
use super::cast::GROUPS;
use super::cast::MACBOOKS;
use crate::clock;
use crate::command::object;
use crate::connection::Connection;

/// For which console profiles are rendered.
const PLATFORM: &str = "mosyle";

/// The secret in a profile of another gateway.
const OTHER_SECRET: &str = "a-secret-of-somebody-else";

/// The server's name in the guide's file, and what somebody typed in its place.
const SERVER_NAME: &str = "radius.example.test";
const MISTYPED_NAME: &str = "radius.exmaple.test";

/// The MDM, one stand-in for each group, as Mosyle has a list of profiles for each kind of device.
pub(crate) struct Console {
    groups: Vec<(&'static str, Mdm)>,
}

/// A profile that is installed.
pub(crate) struct Installed {
    /// The certificate that came of it.
    pub(crate) enrolled: Enrolled,
    /// The network that it joins.
    pub(crate) network: Network,
}

/// What a device did with a profile.
pub(crate) struct Answer {
    /// The subject that it asked for.
    pub(crate) subject: Option<String>,
    /// What it has, or why not.
    pub(crate) installed: Result<Installed, String>,
}

impl Console {
    /// Renders a profile for each group and assigns it to all current and future devices; two
    /// devices get one that is wrong.
    pub(crate) async fn set_up(connection: &Connection, actors: &[Actor]) -> anyhow::Result<Self> {
        let mut groups = Vec::new();
        for group in GROUPS {
            let mut mdm = Mdm::of_console(PLATFORM).context("there is no such console")?;
            mdm.upload(group, &render(connection, group, None).await?)?;
            mdm.assign(group, Assignment::AllDevices)?;
            if group == MACBOOKS {
                let old = render(connection, group, Some(OTHER_SECRET)).await?;
                give(&mut mdm, actors, Fate::WrongChallenge, ("MacBooks, copied", &old))?;
                let mistyped = mistyped(&render(connection, group, None).await?)?;
                give(&mut mdm, actors, Fate::OtherServer, ("MacBooks, typed", &mistyped))?;
            }
            groups.push((group, mdm));
        }
        Ok(Self { groups })
    }

    /// What it holds, and which variables it will fill in.
    pub(crate) fn contents(&self) -> String {
        let each = self.groups.iter().map(|(group, mdm)| {
            let variables = mdm.variables(group);
            format!("{group}.mobileconfig with {}", variables.join(", "))
        });
        each.collect::<Vec<_>>().join("; ")
    }

    /// How many devices installed their profile, and which did not, as its list shows it.
    pub(crate) fn state(&self) -> String {
        let (mut installed, mut failures) = (0, Vec::new());
        for (serial, _, status) in self.groups.iter().flat_map(|(_, mdm)| mdm.statuses()) {
            match status {
                Status::Installed => installed += 1,
                Status::Failed(why) => failures.push(format!("{serial}: {why}")),
            }
        }
        match failures.len() {
            0 => format!("{installed} installed"),
            count => format!("{installed} installed, {count} failed ({})", failures.join("; ")),
        }
    }

    /// Takes a device under management.
    pub(crate) fn add(&mut self, actor: &Actor) -> anyhow::Result<()> {
        let found = self.groups.iter_mut().find(|(group, _)| *group == actor.group);
        let (_, mdm) = found.context("a device is of no group")?;
        Ok(mdm.add(actor.device.clone())?)
    }

    /// What is to be pushed.
    pub(crate) fn due(&self) -> Vec<Push> {
        self.groups.iter().flat_map(|(_, mdm)| mdm.due()).collect()
    }

    /// Remembers how a device took its profile.
    pub(crate) fn record(&mut self, actor: &Actor, push: &Push, answer: Result<(), String>) {
        for (_, mdm) in self.groups.iter_mut().filter(|(group, _)| *group == actor.group) {
            mdm.record(push, answer.clone());
        }
    }
}

/// Gives one device a profile of its own in place of the one for all.
fn give(
    mdm: &mut Mdm,
    actors: &[Actor],
    fate: Fate,
    (name, file): (&str, &[u8]),
) -> anyhow::Result<()> {
    mdm.upload(name, file)?;
    let meant = actors.iter().filter(|actor| actor.fate == fate);
    let serials = meant.map(|actor| actor.device.serial.clone()).collect();
    Ok(mdm.assign(name, Assignment::Devices(serials))?)
}

/// A network profile as the API writes it for the console.
async fn render(
    connection: &Connection,
    name: &str,
    secret: Option<&str>,
) -> anyhow::Result<Vec<u8>> {
    let path = object::url(Kind::NetworkProfile, &format!("/{name}/render"));
    let secret = secret.map(Secret::new);
    let order = Order { platform: PLATFORM.to_owned(), only: None, device: None, secret };
    let rendered: Rendered = connection.post(&path, &serde_json::to_value(&order)?).await?;
    let file = rendered.files.iter().find(|file| file.name.ends_with(".mobileconfig"));
    let file = file.context("no profile was rendered")?;
    STANDARD.decode(&file.content).context("a file is not in base64")
}

/// The profile as it is when the server's name was typed by hand.
fn mistyped(file: &[u8]) -> anyhow::Result<Vec<u8>> {
    let text = core::str::from_utf8(file).context("the profile is no text")?;
    anyhow::ensure!(text.contains(SERVER_NAME), "the profile names no server");
    Ok(text.replace(SERVER_NAME, MISTYPED_NAME).into_bytes())
}

/// A device installs what was pushed to it, as a Mac does.
pub(crate) async fn install(file: &[u8]) -> Answer {
    let now = clock::now().time();
    let instructions = match profile::read(file, &[], now) {
        Ok(instructions) => instructions,
        Err(error) => return Answer { subject: None, installed: Err(error.to_string()) },
    };
    let subject = Some(instructions.order.subject.to_string());
    let Some(network) = instructions.network else {
        return Answer { subject, installed: Err("the profile joins no network".to_owned()) };
    };
    let enrolled = enrollment::enroll(&instructions.order, now).await;
    let installed = match enrolled {
        Ok(enrolled) => Ok(Installed { enrolled, network }),
        Err(error) => Err(error.to_string()),
    };
    Answer { subject, installed }
}
