//! Drafts: declarative files that are tried out and not applied.

use std::path::Path;
use std::path::PathBuf;

use crate::command::apply::complain;
use crate::command::apply::with_lines;
use crate::command::toml_document::NotRead;
use crate::command::toml_document::TomlDocument;
use crate::connection::Failed;

/// A file that was read.
pub(crate) struct Draft {
    /// What it says.
    pub(crate) document: TomlDocument,
    file: PathBuf,
}

impl Draft {
    /// Reads a file, or says what is wrong with it.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        match TomlDocument::read(file) {
            Ok(document) => Ok(Self { document, file: file.to_owned() }),
            Err(NotRead::Failed(error)) => Err(error),
            Err(NotRead::Complaint(line, complaint)) => {
                Err(complain(file, vec![(line, complaint)]).into())
            }
        }
    }
}

/// The answer, or each complaint about the draft with its line.
pub(crate) fn understood<T>(draft: Option<&Draft>, answer: Result<T, Failed>) -> anyhow::Result<T> {
    match (answer, draft) {
        (Ok(answer), _) => Ok(answer),
        (Err(Failed::Problem(problem)), Some(draft)) if !problem.complaints.is_empty() => {
            let lines = with_lines(&draft.document, problem.complaints.clone());
            Err(complain(&draft.file, lines).answered(&problem).into())
        }
        (Err(failed), _) => Err(failed.into()),
    }
}
