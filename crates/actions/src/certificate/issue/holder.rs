//! Whose a certificate will be: the record of the device that asks, matched, completed or made.

use domain::claim::Claim;
use domain::device::Device;
use domain::device::DeviceId;
use domain::device::Source;
use domain::device::told::TEXT_CHARS_MAX;
use domain::device::told::Told;
use domain::inventory::DEVICES_OF_REQUESTS_MAX;
use domain::inventory::INVENTORY_DEVICES_MAX;
use domain::inventory::Inventory;
use domain::inventory::matching::Matched;
use domain::object::NAME_CHARS_MAX;
use domain::refusal::Refusal;
use domain::variable::values::Values;
use domain::variable::values::usable;
use pki::general_name::GeneralName;
use pki::name::Name;
use pki::oid;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use store::write::Write;

use super::Right;
use crate::App;
use crate::decision;
use crate::inventory::draw_id;

/// The device that a certificate is made for.
pub(super) struct Holder {
    /// What the request was matched to.
    pub(super) matched: Matched,
    /// The record that the certificate is bound to.
    pub(super) device_id: Option<DeviceId>,
    /// How the device is known.
    pub(super) assurance: u8,
    record: Option<Record>,
    /// Why there is no record.
    warning: Option<String>,
}

/// Why a request that could be one's or another's makes no record.
const AMBIGUOUS: &str = "no record: the request names several devices";

/// What becomes of the record.
struct Record {
    device: Device,
    /// The version that it takes the place of; none of a new one.
    before: Option<i64>,
    version: i64,
}

impl Holder {
    /// Finds whose a claim is. A renewal stays with the record of the old certificate.
    pub(super) async fn find(
        app: &App,
        claim: &Claim,
        right: &Right,
        now: Time,
    ) -> Result<Self, Refusal> {
        let inventory = app.snapshot.read_inventory().await?;
        Ok(match right {
            Right::Challenge(_) => {
                let asks = (&claim.csr.subject, claim.csr.general_names.as_slice());
                Self::match_names(app, inventory, asks, now)
            }
            Right::Renewal(old) => {
                let certificate = &old.certificate;
                let Some(id) = old.record.device_id else {
                    // From before there was an inventory.
                    let names = certificate.general_names();
                    let asks = (&certificate.subject, names.as_slice());
                    let assurance = old.record.assurance;
                    return Ok(Self { assurance, ..Self::match_names(app, inventory, asks, now) });
                };
                // As a login with it would be asked about.
                let (device, person) = decision::holder(&app.snapshot, certificate, Some(id));
                let by = "the certificate that it renews".to_owned();
                let matched = Matched { device, person, by, is_ambiguous: false };
                let assurance = old.record.assurance.min(u8::from(matched.is_known()));
                Self { matched, device_id: Some(id), assurance, record: None, warning: None }
            }
        })
    }

    fn match_names(
        app: &App,
        inventory: &Inventory,
        (subject, names): (&Name, &[GeneralName]),
        now: Time,
    ) -> Self {
        let matched = inventory.match_names(subject, names);
        let assurance = u8::from(matched.is_known());
        let told = Told { serial: serial(subject, names), ..Told::default() };
        let record = match &matched.device {
            Some(device) => Ok(complete(inventory, device, &told, now)),
            None if matched.is_ambiguous => Err(AMBIGUOUS.to_owned()),
            None => make(app, inventory, Values::of_request(subject, names).device(), now),
        };
        let (record, warning) = match record {
            Ok(record) => (record, None),
            Err(warning) => (None, Some(warning)),
        };
        let record = record.map(|mut record| {
            record.device.tell(&told, Source::Request, now);
            record
        });
        let made = record.as_ref().map(|record| record.device.id);
        let device_id = matched.device.as_ref().map(|device| device.id).or(made);
        Self { matched, device_id, assurance, record, warning }
    }

    /// What the device's record is called.
    pub(super) fn name(&self) -> Option<String> {
        let made = self.record.as_ref().map(|record| &record.device.name);
        self.matched.device.as_ref().map(|device| &device.name).or(made).cloned()
    }

    /// Lets the event say whose it is.
    pub(super) fn tell(&self, details: &mut Map<String, Value>) {
        details.insert("device".into(), Value::from(self.name()));
        details.insert("device_id".into(), Value::from(self.device_id.map(|id| id.to_string())));
        details.insert("device_known".into(), Value::from(self.matched.is_known()));
        details.insert("matched_by".into(), Value::from(self.matched.by.clone()));
        details.insert("assurance".into(), Value::from(self.assurance));
        if let Some(warning) = &self.warning {
            details.insert("device_warning".into(), Value::from(warning.clone()));
        }
    }

    /// Makes or completes the record together with the certificate. If somebody else does so at
    /// the same time, theirs counts.
    pub(super) fn record(&self, write: Write, now: Time) -> Write {
        let Some(Record { device, before, version }) = &self.record else { return write };
        store::device::propose(write, device, (*before, *version), now)
    }

    /// Lets memory know the record as it is kept.
    pub(super) async fn remember(&self, app: &App) {
        let Some(record) = &self.record else { return };
        match store::device::find(&app.store, &[record.device.id]).await {
            Ok(kept) => kept.into_iter().for_each(|kept| app.snapshot.set_device(kept)),
            // The follower hears of it too.
            Err(error) => tracing::warn!(%error, "the record of a device could not be read again"),
        }
    }
}

/// The record of a device that is on record, if the request tells more than is known, or tells
/// again what only requests told.
fn complete(inventory: &Inventory, device: &Device, told: &Told, now: Time) -> Option<Record> {
    let (_, version) = inventory.device_and_version(&device.id)?;
    let mut completed = device.clone();
    completed.tell(told, Source::Request, now);
    let is_more = completed != *device;
    is_more.then(|| Record {
        device: device.clone(),
        before: Some(version),
        version: version.saturating_add(1),
    })
}

/// A record for a device that is not on record. `Err` says why there will be none.
fn make(
    app: &App,
    inventory: &Inventory,
    name: Option<String>,
    now: Time,
) -> Result<Option<Record>, String> {
    let Some(name) = name else { return Ok(None) };
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(format!("no record: the name is longer than {NAME_CHARS_MAX} characters"));
    }
    if inventory.device_named(&name).is_some() {
        return Err(AMBIGUOUS.to_owned());
    }
    let count = inventory.claimed_count();
    if count >= DEVICES_OF_REQUESTS_MAX || inventory.devices_count() >= INVENTORY_DEVICES_MAX {
        return Err(format!(
            "no record: only requests told of {count} devices; remove those that are not yours"
        ));
    }
    let id = id_of(app, inventory, &name);
    let version = inventory.first_version_of_device(&id, now);
    Ok(Some(Record { device: Device::new(id, &name), before: None, version }))
}

/// The id of a new record. Two requests under one name, at two servers perhaps, make the same.
fn id_of(app: &App, inventory: &Inventory, name: &str) -> DeviceId {
    let hash = app.master.keyed_hash("device id", name.as_bytes());
    let first: [u8; 8] = hash.first_chunk().copied().unwrap_or_default();
    let id = DeviceId(u64::from_be_bytes(first).max(1));
    // The record that had the name is called otherwise now.
    if inventory.device(&id).is_some() { draw_id(app) } else { id }
}

/// The serial number that a request tells as such.
fn serial(subject: &Name, names: &[GeneralName]) -> Option<String> {
    let identifiers = names.iter().filter_map(|name| match name {
        GeneralName::PermanentIdentifier { identifier, .. } => identifier.as_deref(),
        GeneralName::Dns(_)
        | GeneralName::Email(_)
        | GeneralName::Uri(_)
        | GeneralName::Upn(_)
        | GeneralName::Ip(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::Other(_) => None,
    });
    let told = subject.values(oid::SERIAL_NUMBER).chain(identifiers).find_map(usable);
    told.filter(|serial| serial.chars().count() <= TEXT_CHARS_MAX)
}
