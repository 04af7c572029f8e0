//! Dictionaries and presets as people and programs are shown them.

use radius::attribute::Use;
use radius::dictionary;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::network_policy::preset::Form;
use crate::network_policy::preset::PRESETS;
use crate::network_policy::preset::Preset;

/// A dictionary, with the attributes that a policy may send.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ListedDictionary {
    /// What policies call it.
    pub name: String,
    /// The vendor's number; none for the IETF's own.
    pub vendor: Option<u32>,
    /// Its attributes.
    pub attributes: Vec<ListedAttribute>,
}

/// An attribute that a policy may send.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ListedAttribute {
    /// Its name.
    pub name: String,
    /// Its number in the dictionary.
    pub number: u8,
    /// The form of its value.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a number may also be called.
    pub values: Vec<String>,
}

/// A preset.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ListedPreset {
    /// What policies call it.
    pub name: String,
    /// What the device gets.
    pub meaning: String,
    /// What is written as its value.
    pub value: String,
    /// Whose equipment does it.
    pub vendors: String,
    /// A value that can be sent.
    pub example: String,
    /// What is sent.
    pub attributes: Vec<String>,
}

/// Every dictionary.
pub fn dictionaries() -> Vec<ListedDictionary> {
    let listed = |(name, vendor): (&str, Option<u32>)| {
        let own = dictionary::all().filter(|attribute| {
            attribute.vendor.map(|(_, number)| number) == vendor && attribute.allowed == Use::Policy
        });
        let attributes = own.map(|attribute| ListedAttribute {
            name: attribute.name.to_owned(),
            number: attribute.number,
            kind: attribute.kind.name().to_owned(),
            values: attribute.values.iter().map(|(_, name)| (*name).to_owned()).collect(),
        });
        ListedDictionary { name: name.to_owned(), vendor, attributes: attributes.collect() }
    };
    let all = dictionary::names().map(listed);
    // A vendor of whom only requests carry attributes has nothing to offer.
    all.filter(|dictionary| !dictionary.attributes.is_empty()).collect()
}

/// Every preset.
pub fn presets() -> Vec<ListedPreset> {
    PRESETS.iter().map(listed).collect()
}

fn listed(preset: &Preset) -> ListedPreset {
    let sent = |(_, name, form): &(&str, &str, Form)| format!("{name} = {}", form.shown());
    ListedPreset {
        name: preset.name.to_owned(),
        meaning: preset.meaning.to_owned(),
        value: preset.value.to_owned(),
        vendors: preset.vendors.to_owned(),
        example: preset.example.to_owned(),
        attributes: preset.pieces.iter().map(sent).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_lists_what_a_policy_may_send_and_nothing_else() {
        let all = dictionaries();
        let of = |name: &str| all.iter().find(|dictionary| dictionary.name == name).unwrap();
        let names = |name: &str| of(name).attributes.iter().map(|one| one.name.as_str()).collect();
        let microsoft: Vec<&str> = names("Microsoft");
        assert!(microsoft.contains(&"MS-Primary-DNS-Server"));
        assert!(!microsoft.iter().any(|name| name.contains("MPPE")), "{microsoft:?}");
        let ietf: Vec<&str> = names("RADIUS:IETF");
        assert!(ietf.contains(&"Filter-Id") && !ietf.contains(&"State"));
        assert_eq!(of("Aruba").vendor, Some(14823));
        assert!(!all.iter().any(|dictionary| dictionary.name == "Meraki"));
        let qos = of("Airespace").attributes.iter().find(|one| one.number == 2).unwrap();
        assert_eq!((qos.kind.as_str(), qos.values.len()), ("integer", 4));
    }

    #[test]
    fn the_handbook_has_every_preset_as_it_is() {
        let page = include_str!("../../../../docs/network-policies.md");
        for preset in presets() {
            let attributes = preset.attributes.join(", ");
            let row = format!(
                "| `{}` | {} | {} | {} | {attributes} |",
                preset.name, preset.meaning, preset.value, preset.vendors
            );
            assert!(page.contains(&row), "docs/network-policies.md lacks the row\n{row}");
        }
        let (_, table) = page.split_once("\n## Presets\n").unwrap();
        let (table, _) = table.split_once("\n## ").unwrap();
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        assert_eq!(rows.count(), PRESETS.len(), "a row has no preset");
    }

    #[test]
    fn the_handbook_has_every_dictionary_and_type() {
        let page = include_str!("../../../../docs/network-policies.md");
        for dictionary in dictionaries() {
            assert!(page.contains(&format!("`{}`", dictionary.name)), "{}", dictionary.name);
        }
        for (_, name, form) in radius::attribute::kind::KINDS {
            let row = format!("| `{name}` | {form} |");
            assert!(page.contains(&row), "docs/network-policies.md lacks the row\n{row}");
        }
    }
}
