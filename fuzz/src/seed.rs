//! Seeds: what a target begins with. `dev` names a folder, and the target plants them there.

use std::path::Path;

/// The variable that names the folder.
const FOLDER: &str = "FUZZ_SEEDS";

/// Messages that real SCEP clients sent.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/scep");

/// Writes seeds into the folder that was asked for, if one was.
///
/// # Panics
/// The folder cannot be written.
#[expect(clippy::disallowed_methods, reason = "seeds are files")]
pub fn plant(seeds: impl IntoIterator<Item = Vec<u8>>) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    for (number, seed) in seeds.into_iter().enumerate() {
        let file = Path::new(&folder).join(format!("seed-{number:03}"));
        std::fs::write(file, seed).expect("the folder for seeds can be written");
    }
}

/// The files of the corpus whose name ends so, in the order of their names.
///
/// # Panics
/// The corpus is not there.
#[expect(clippy::disallowed_methods, reason = "the corpus is files")]
pub fn corpus(ending: &str) -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(CORPUS).expect("the corpus is there");
    let mut paths: Vec<_> = folder.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("the corpus can be read")).collect()
}

/// Seeds behind a byte that tells the target what they are.
pub fn marked(mark: u8, seeds: Vec<Vec<u8>>) -> impl Iterator<Item = Vec<u8>> {
    seeds.into_iter().map(move |seed| [vec![mark], seed].concat())
}
