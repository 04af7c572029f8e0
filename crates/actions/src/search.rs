//! The one search box: a number, an address, a name, whatever somebody has at hand. Every look-up
//! follows an index or is one into memory.

mod hit;

use core::net::IpAddr;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::search::Field;
use domain::certificate::search::Search;
use domain::certificate::search::Start;
use domain::device::Device;
use domain::event::listing::Order;
use domain::former_name;
use domain::object::Kind;
use domain::organization::EachKind;
use domain::organization::Listed;
use domain::organization::Organization;
use domain::organization::each_kind;
use domain::refusal::Refusal;
use domain::search::Fingerprint;
use domain::search::Needle;
use store::certificate::Kept;
use store::certificate::fingerprint;
use store::event::About;
use store::event::log;
use store::event::log::Part;

use self::hit::Hits;
pub use self::hit::{Found, Hit};
use crate::App;
use crate::unavailable;

/// Most things of one kind that are found.
pub const HITS_MAX: usize = 10;

/// The same with one more, which tells whether there are more.
const LIMIT: u32 = 11;

/// Finds what a text may mean, as far as the actor may see it.
pub async fn find(app: &App, actor: &Actor, text: &str) -> Result<Found, Refusal> {
    let needle = Needle::parse(text)?;
    let mut hits = Hits::default();
    if needle.is_empty() {
        return Ok(hits.found());
    }
    if actor.can(Permission::EventRead) {
        event_of_id(app, actor, &needle, &mut hits).await?;
    }
    if actor.can(Permission::CertificateRead) {
        exact_certificates(app, &needle, &mut hits).await?;
    }
    if actor.can(Permission::InventoryRead) && !needle.text.is_empty() {
        devices(app, &needle, &mut hits).await?;
        people(app, &needle, &mut hits).await?;
    }
    if actor.can(Permission::EventRead) {
        newest_of_station(app, &needle, &mut hits).await?;
    }
    if actor.can(Permission::OrganizationRead) && !needle.text.is_empty() {
        objects(app, &needle, &mut hits);
    }
    if actor.can(Permission::CertificateRead) && !needle.text.is_empty() {
        certificates_that_begin(app, &needle, &mut hits).await?;
    }
    Ok(hits.found())
}

async fn event_of_id(
    app: &App,
    actor: &Actor,
    needle: &Needle,
    hits: &mut Hits,
) -> Result<(), Refusal> {
    let Some(id) = needle.event else { return Ok(()) };
    match crate::event::show(app, actor, &id.to_string()).await {
        Ok(shown) => hits.event(&shown, "its id"),
        Err(Refusal::NotFound { .. }) => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(())
}

/// An address that no device is known to have may have been answered all the same.
async fn newest_of_station(app: &App, needle: &Needle, hits: &mut Hits) -> Result<(), Refusal> {
    let Some(mac) = needle.mac.as_ref().filter(|_| !hits.has(Kind::Device.as_str())) else {
        return Ok(());
    };
    let part = Part { order: Order::Newest, after: None, limit: 1 };
    let page = log::history(&app.store, &[About::Station(mac)], part).await;
    for event in page.map_err(unavailable)?.events {
        hits.event(&event.shown(), "the newest answer to this address");
    }
    Ok(())
}

/// Those that a number, fingerprint or pasted certificate names.
async fn exact_certificates(app: &App, needle: &Needle, hits: &mut Hits) -> Result<(), Refusal> {
    for (serial, fingerprint) in &needle.certificates {
        let kept = store::certificate::find(&app.store, serial).await.map_err(unavailable)?;
        let same = |kept: &Kept| kept.der.as_ref().is_some_and(|der| fingerprint.is_of(der));
        if let Some(kept) = kept.filter(same) {
            hits.certificate(&kept.certificate, "it was pasted");
        }
    }
    if let Some(wanted) = &needle.fingerprint {
        for kept in fingerprint::find(&app.store, wanted).await.map_err(unavailable)? {
            hits.certificate(&kept.certificate, &format!("its {} fingerprint", wanted.word()));
        }
        if let Fingerprint::Sha256(digits) = wanted {
            let of_key = fingerprint::of_key(&app.store, digits, LIMIT).await;
            for kept in of_key.map_err(unavailable)? {
                hits.certificate(&kept.certificate, "the SHA-256 of its key");
            }
        }
    }
    match &needle.serial {
        Some(digits) => begin_so(app, (Field::Serial, digits), "its serial number", hits).await,
        None => Ok(()),
    }
}

/// Those of which a text begins so.
async fn certificates_that_begin(
    app: &App,
    needle: &Needle,
    hits: &mut Hits,
) -> Result<(), Refusal> {
    let text = &needle.text;
    let subject = if text.contains('=') { text.clone() } else { format!("CN={text}") };
    begin_so(app, (Field::Subject, &subject), "its subject", hits).await?;
    begin_so(app, (Field::Device, text), "what its device was called", hits).await?;
    begin_so(app, (Field::Person, text), "who owned its device", hits).await
}

async fn begin_so(
    app: &App,
    (field, text): (Field, &str),
    why: &str,
    hits: &mut Hits,
) -> Result<(), Refusal> {
    // What no text of this kind begins with is found nowhere.
    let Ok(start) = Start::parse(field, text) else { return Ok(()) };
    let search = Search { start: Some(start), ..Search::default() };
    let page = store::certificate::search::list(&app.store, (&search, &[]), None, LIMIT).await;
    for kept in page.map_err(unavailable)? {
        hits.certificate(&kept.certificate, why);
    }
    Ok(())
}

async fn devices(app: &App, needle: &Needle, hits: &mut Hits) -> Result<(), Refusal> {
    let text = &needle.text;
    let inventory = app.snapshot.read_inventory().await?;
    if let Some(device) = inventory.find_device(text) {
        hits.device(&device, why_device(&device, text));
    }
    for device in needle.mac.iter().flat_map(|mac| inventory.devices_of_mac(mac)) {
        hits.device(&device, "its address");
    }
    let page = store::device::list(&app.store, text, None, LIMIT).await.map_err(unavailable)?;
    for (place, kept) in page {
        let why = match place {
            store::device::Place::Name(..) => "its name",
            store::device::Place::Serial(_) => "its serial number",
        };
        hits.device(&kept.device, why);
    }
    Ok(())
}

fn why_device(device: &Device, text: &str) -> &'static str {
    let small = text.to_lowercase();
    if device.name == text {
        "its name"
    } else if device.serial_key().as_ref() == Some(&small) {
        "its serial number"
    } else if device.udid_key().as_ref() == Some(&small) {
        "its UDID"
    } else if device.id.to_string() == small {
        "its id"
    } else {
        "its address"
    }
}

async fn people(app: &App, needle: &Needle, hits: &mut Hits) -> Result<(), Refusal> {
    let (text, small) = (&needle.text, needle.text.to_lowercase());
    let inventory = app.snapshot.read_inventory().await?;
    if let Some(person) = inventory.find_person(text) {
        let why = if person.name == *text {
            "their name"
        } else if person.email_key().as_ref() == Some(&small) {
            "their e-mail address"
        } else {
            "their principal name"
        };
        hits.person(&person, why);
    }
    let page = store::person::list(&app.store, text, None, LIMIT).await.map_err(unavailable)?;
    for kept in page {
        hits.person(&kept.person, "their name");
    }
    Ok(())
}

/// Objects by name, slug and former name, and access points by an address that is theirs.
fn objects(app: &App, needle: &Needle, hits: &mut Hits) {
    let rules = app.snapshot.rules();
    let address = needle.text.parse::<IpAddr>().ok();
    if let Some(point) = address.and_then(|address| rules.access_point(address)) {
        let organization = &rules.organization;
        let found = organization.find::<domain::access_point::AccessPoint>(&point.name);
        if let Some(found) = found {
            let slug = found.slug.clone().unwrap_or_default();
            hits.object(Kind::AccessPoint, (&found.name, &slug), "its address");
        }
    }
    let (small, organization) = (needle.text.to_lowercase(), &*rules);
    let mut reader = Reader { organization: &organization.organization, small, found: Vec::new() };
    each_kind(&mut reader);
    // The nearest first; within them in the order of the definitions.
    reader.found.sort_by_key(|one| one.rank);
    for one in reader.found {
        hits.object(one.kind, (&one.name, &one.slug), one.why);
    }
}

struct Reader<'a> {
    organization: &'a Organization,
    small: String,
    found: Vec<FoundObject>,
}

struct FoundObject {
    rank: usize,
    kind: Kind,
    name: String,
    slug: String,
    why: &'static str,
}

impl EachKind for Reader<'_> {
    fn visit<T: Listed>(&mut self) {
        for object in T::list(self.organization) {
            let (name, slug) = (object.name().to_lowercase(), object.slug().unwrap_or_default());
            let (rank, why) = if name == self.small {
                (0, "its name")
            } else if slug == self.small {
                (0, "its slug")
            } else if name.starts_with(&self.small) {
                (1, "its name")
            } else if name.contains(&self.small) {
                (2, "its name")
            } else if slug.contains(&self.small) {
                (2, "its slug")
            } else if former_name::of(object).iter().any(|it| it.to_lowercase() == self.small) {
                (3, "a former name")
            } else {
                continue;
            };
            let (name, slug) = (object.name().to_owned(), slug.to_owned());
            self.found.push(FoundObject { rank, kind: T::KIND, name, slug, why });
        }
    }
}
