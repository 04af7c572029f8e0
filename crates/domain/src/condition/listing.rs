//! Fields and operators as people and programs are shown them: for forms, and for whoever writes
//! rules.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::condition::Operator;
use crate::condition::field::FIELDS;

/// A field that rules can look at.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ListedField {
    /// Its name.
    pub field: String,
    /// What it holds.
    pub meaning: String,
    /// The form of its values, as words.
    #[serde(rename = "type")]
    pub kind: String,
    /// The operators that can compare it.
    pub operators: Vec<Operator>,
}

/// Every field but the RADIUS attributes, which are fields as `network.attribute.NAME`.
pub fn fields() -> Vec<ListedField> {
    let listed = FIELDS.iter().map(|row| ListedField {
        field: row.name.to_owned(),
        meaning: row.meaning.to_owned(),
        kind: row.kind.words(),
        operators: Operator::fitting(row.kind).collect(),
    });
    listed.collect()
}

/// The RADIUS attributes by name, each of which is a field as `network.attribute.NAME`.
pub fn attributes() -> Vec<&'static str> {
    radius::dictionary::all().map(|attribute| attribute.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_listed_with_what_can_compare_it() {
        let all = fields();
        let known = all.iter().find(|one| one.field == "device.known").unwrap();
        assert_eq!(known.operators, [Operator::Is]);
        assert_eq!(known.kind, "true or false");
        assert_eq!(all.len(), FIELDS.len());
    }
}
