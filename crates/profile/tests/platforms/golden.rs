//! Files as somebody has read them. `SAFECONDUCT_GOLDEN=write` writes them anew, to be read again.
#![expect(clippy::disallowed_methods, reason = "golden files lie on the disk")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use profile::file::File;

/// Compares the files with those of the folder, which holds these and no others.
pub(crate) fn compare(folder: &str, files: &[File]) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    if std::env::var("SAFECONDUCT_GOLDEN").as_deref() == Ok("write") {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for file in files {
            fs::write(folder.join(&file.name), &file.content).unwrap();
        }
        return;
    }
    let mut kept = BTreeSet::new();
    for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        kept.insert(entry.unwrap().file_name().into_string().unwrap());
    }
    let made: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
    assert_eq!(made, kept, "the files of {}", folder.display());
    for file in files {
        let path = folder.join(&file.name);
        let kept = fs::read(&path).unwrap();
        let (made, kept) = (String::from_utf8_lossy(&file.content), String::from_utf8_lossy(&kept));
        if let Some(difference) = difference(&kept, &made) {
            panic!("{}\n{difference}\nSAFECONDUCT_GOLDEN=write takes it over", path.display());
        }
    }
}

/// The first line that differs, with those before it.
fn difference(kept: &str, made: &str) -> Option<String> {
    if kept == made {
        return None;
    }
    let (kept, made): (Vec<&str>, Vec<&str>) =
        (kept.split('\n').collect(), made.split('\n').collect());
    let first = kept.iter().zip(&made).take_while(|(kept, made)| kept == made).count();
    let mut told = String::new();
    for line in &kept[first.saturating_sub(3)..first] {
        told.push_str(&format!("    {line}\n"));
    }
    let end =
        |lines: &[&str]| lines.get(first).map_or("(the end)".to_owned(), |l| format!("{l:?}"));
    told.push_str(&format!("  line {}\n  - {}\n  + {}", first + 1, end(&kept), end(&made)));
    Some(told)
}

#[test]
fn the_first_line_that_differs_is_told() {
    assert_eq!(difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(difference("a\nb", "a\nc").unwrap(), "    a\n  line 2\n  - \"b\"\n  + \"c\"");
    assert_eq!(difference("a", "a\nb").unwrap(), "    a\n  line 2\n  - (the end)\n  + \"b\"");
}
