//! An organization as a document that makes the same one again.

use serde_json::Map;
use serde_json::Value;

use crate::device;
use crate::device::Device;
use crate::device::Fact;
use crate::object::Kind;
use crate::organization::EachKind;
use crate::organization::Listed;
use crate::organization::Organization;
use crate::organization::each_kind;
use crate::person;
use crate::person::Person;
use crate::person::PersonStatus;

/// Every definition, in the shape of the declarative file, without what says nothing.
pub fn document(organization: &Organization) -> Map<String, Value> {
    let mut tables = Map::new();
    let settings = serde_json::to_value(&organization.settings).unwrap_or_default();
    tables.insert(Kind::Organization.as_str().to_owned(), settings);
    let mut writer = Writer { organization, tables };
    each_kind(&mut writer);
    writer.tables
}

struct Writer<'a> {
    organization: &'a Organization,
    tables: Map<String, Value>,
}

impl EachKind for Writer<'_> {
    fn visit<T: Listed>(&mut self) {
        let objects = T::list(self.organization).iter();
        let objects = objects.filter_map(|object| serde_json::to_value(object).ok());
        let objects: Vec<Value> = objects.map(without_empty_tables).collect();
        if !objects.is_empty() {
            self.tables.insert(T::KIND.as_str().to_owned(), Value::from(objects));
        }
    }
}

/// A table without a key says nothing.
fn without_empty_tables(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| value.as_object().is_none_or(|table| !table.is_empty()));
    }
    object
}

/// What the inventory knows of a device, as somebody tells it; what only a request told is left
/// out.
pub fn device(device: &Device) -> device::told::Told {
    fn text(fact: Option<&Fact<String>>) -> Option<String> {
        Device::inventory_of(fact).map(|fact| fact.value.clone())
    }
    fn list(fact: Option<&Fact<Vec<String>>>) -> Option<Vec<String>> {
        let known = Device::inventory_of(fact).map(|fact| fact.value.clone());
        known.filter(|values| !values.is_empty())
    }
    device::told::Told {
        name: Some(device.name.clone()),
        serial: text(device.serial.as_ref()),
        udid: text(device.udid.as_ref()),
        model: text(device.model.as_ref()),
        os: text(device.os.as_ref()),
        os_version: text(device.os_version.as_ref()),
        mac_addresses: list(device.mac_addresses.as_ref()),
        owner: text(device.owner.as_ref()),
        tags: list(device.tags.as_ref()),
        status: Device::inventory_of(device.status.as_ref()).map(|fact| fact.value),
    }
}

/// What the inventory knows of a person, as somebody tells it.
pub fn person(person: &Person) -> person::Told {
    person::Told {
        name: Some(person.name.clone()),
        email: person.email.clone(),
        upn: person.upn.clone(),
        sid: person.sid.clone(),
        groups: (!person.groups.is_empty()).then(|| person.groups.clone()),
        status: (person.status != PersonStatus::default()).then_some(person.status),
    }
}
