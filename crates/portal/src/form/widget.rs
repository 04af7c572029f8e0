//! Fields of a kind of their own: the rules of a policy, the attributes of an answer.

use domain::complaint::Complaint;
use serde_json::Value;

use crate::posted::Posted;

/// A field that shows and reads itself.
pub(crate) trait Widget: Send + Sync {
    /// What it says; nothing if it is left empty.
    fn read(&self, path: &str, posted: &Posted, before: Option<&Value>) -> Option<Value>;

    /// Its HTML, escaped already.
    fn shown(&self, path: &str, held: &Value, complaints: &[&Complaint]) -> String;

    /// What it holds as HTML to be read, escaped already; nothing if there is nothing to say.
    fn told(&self, path: &str, held: &Value) -> String {
        self.shown(path, held, &[])
    }
}
