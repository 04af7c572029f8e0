//! What was found, a bounded number of each kind.

use domain::certificate::Certificate;
use domain::device::Device;
use domain::device::Fact;
use domain::event::Shown;
use domain::object::Kind;
use domain::person::Person;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::HITS_MAX;

/// The kind of what is no object and no record of the inventory.
const CERTIFICATE: &str = "certificate";
const EVENT: &str = "event";

/// What was found for a text.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = SearchFound)]
pub struct Found {
    /// What was found, the surest first.
    pub items: Vec<Hit>,
    /// The kinds of which there is more.
    pub more: Vec<String>,
}

/// One thing that was found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = SearchHit)]
pub struct Hit {
    /// What it is: `certificate`, `event`, or the kind of an object.
    pub kind: String,
    /// What its URL names it by: serial number, id, or slug; a person's name.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is, in a line.
    pub what: String,
    /// Why it was found.
    pub why: String,
}

/// Hits in the making.
#[derive(Debug, Default)]
pub(super) struct Hits(Found);

impl Hits {
    pub(super) fn found(self) -> Found {
        self.0
    }

    /// Whether anything of a kind was found.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.0.items.iter().any(|hit| hit.kind == kind)
    }

    fn add(&mut self, hit: Hit) {
        let Found { items, more } = &mut self.0;
        let mut count = 0;
        for other in items.iter().filter(|other| other.kind == hit.kind) {
            if other.id == hit.id {
                return;
            }
            count += 1;
        }
        if count < HITS_MAX {
            items.push(hit);
        } else if !more.contains(&hit.kind) {
            more.push(hit.kind);
        }
    }

    pub(super) fn certificate(&mut self, certificate: &Certificate, why: &str) {
        let status = certificate.status.as_str();
        let (authority, end) = (&certificate.authority, certificate.not_after.to_rfc3339());
        self.add(Hit {
            kind: CERTIFICATE.to_owned(),
            id: certificate.serial.to_string(),
            name: certificate.subject.clone(),
            what: format!("certificate of {authority}, {status}, until {end}"),
            why: why.to_owned(),
        });
    }

    pub(super) fn device(&mut self, device: &Device, why: &str) {
        let value = |fact: &Option<Fact<String>>| fact.as_ref().map(|fact| fact.value.clone());
        let facts = [value(&device.model), value(&device.serial), value(&device.owner)];
        let known = if device.is_known() { "device" } else { "device that only requests told of" };
        let parts = core::iter::once(known.to_owned()).chain(facts.into_iter().flatten());
        self.add(Hit {
            kind: Kind::Device.as_str().to_owned(),
            id: device.id.to_string(),
            name: device.name.clone(),
            what: parts.collect::<Vec<_>>().join(", "),
            why: why.to_owned(),
        });
    }

    pub(super) fn person(&mut self, person: &Person, why: &str) {
        let account = person.email.as_ref().or(person.upn.as_ref());
        let what = account.map_or("person".to_owned(), |account| format!("person, {account}"));
        self.add(Hit {
            kind: Kind::Person.as_str().to_owned(),
            id: person.name.clone(),
            name: person.name.clone(),
            what,
            why: why.to_owned(),
        });
    }

    pub(super) fn event(&mut self, event: &Shown, why: &str) {
        let reason = event.reason.as_ref().map(|reason| format!(": {}", reason.sentence));
        let (at, outcome) = (&event.at, event.outcome.as_str());
        self.add(Hit {
            kind: EVENT.to_owned(),
            id: event.id.to_string(),
            name: format!("{} {}", event.kind, event.object),
            what: format!("event of {at}, {outcome}{}", reason.unwrap_or_default()),
            why: why.to_owned(),
        });
    }

    pub(super) fn object(&mut self, kind: Kind, (name, slug): (&str, &str), why: &str) {
        self.add(Hit {
            kind: kind.as_str().to_owned(),
            id: if slug.is_empty() { name.to_owned() } else { slug.to_owned() },
            name: name.to_owned(),
            what: kind.words(),
            why: why.to_owned(),
        });
    }
}
