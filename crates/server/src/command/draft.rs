//! Drafts: declarative files that are tried out and not applied.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use api::problem::Problem;

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
    json: bool,
}

impl Draft {
    /// Reads a file, or says what is wrong with it.
    pub(crate) fn read(file: &Path, json: bool) -> anyhow::Result<Result<Self, ExitCode>> {
        match TomlDocument::read(file) {
            Ok(document) => Ok(Ok(Self { document, file: file.to_owned(), json })),
            Err(NotRead::Failed(error)) => Err(error),
            Err(NotRead::Complaint(line, complaint)) => {
                Ok(Err(complain(file, json, &[(line, complaint)])?))
            }
        }
    }
}

/// The answer, or each complaint about the draft with its line.
pub(crate) fn understood<T>(
    draft: Option<&Draft>,
    answer: Result<T, Failed>,
) -> anyhow::Result<Result<T, ExitCode>> {
    match (answer, draft) {
        (Ok(answer), _) => Ok(Ok(answer)),
        (Err(Failed::Problem(problem)), Some(draft)) if !problem.complaints.is_empty() => {
            let Problem { complaints, .. } = *problem;
            let lines = with_lines(&draft.document, complaints);
            Ok(Err(complain(&draft.file, draft.json, &lines)?))
        }
        (Err(failed), _) => Err(failed.into()),
    }
}
