//! Objects that go, one by one.

use domain::complaint::Complaint;
use domain::object::Kind;
use domain::organization::EachKind;
use domain::organization::Listed;
use domain::organization::Organization;
use domain::organization::each_kind;
use domain::plan::Change;

use crate::organization::NotApplied;

/// The organization without some objects, and what that removes.
pub(super) fn without(
    organization: Organization,
    remove: &[(Kind, String)],
) -> Result<(Organization, Vec<Change>), NotApplied> {
    let mut remover = Remover { organization, remove, removed: Vec::new(), complaints: Vec::new() };
    each_kind(&mut remover);
    if remover.complaints.is_empty() {
        return Ok((remover.organization, remover.removed));
    }
    Err(NotApplied::Complaints(remover.complaints))
}

struct Remover<'a> {
    organization: Organization,
    remove: &'a [(Kind, String)],
    removed: Vec<Change>,
    complaints: Vec<Complaint>,
}

impl EachKind for Remover<'_> {
    fn visit<T: Listed>(&mut self) {
        for (_, name) in self.remove.iter().filter(|(kind, _)| *kind == T::KIND) {
            if T::KIND.holds_key() {
                let what = "holds a key, and what holds a key is never removed";
                let fix = "set disabled = true in an authority; leave a server certificate be";
                self.complaints.push(Complaint::new(format!("{} \"{name}\"", T::KIND), what, fix));
            }
            T::list_mut(&mut self.organization).retain(|object| object.name() != name);
            let (kind, name) = (T::KIND, name.clone());
            self.removed.push(Change::new(kind, name, Vec::new()));
        }
    }
}
