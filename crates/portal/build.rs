//! Puts into the program what browsers fetch beside the pages, and the words of the pages.
//!
//! Style sheets and scripts of others come through npm's lock file, into the folder of this build
//! only; ours stand in `assets`. Each is compressed once and named by its content, so that browsers
//! may keep it for ever.

#![expect(clippy::disallowed_methods, reason = "what a build makes is files")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// What is fetched: its name, what it is, and the file, in npm's packages or ours.
const ASSETS: [(&str, &str, &str); 4] = [
    ("tabler.css", "text/css; charset=utf-8", "node_modules/@tabler/core/dist/css/tabler.min.css"),
    ("htmx.js", "text/javascript; charset=utf-8", "node_modules/htmx.org/dist/htmx.min.js"),
    ("portal.css", "text/css; charset=utf-8", "assets/portal.css"),
    ("portal.js", "text/javascript; charset=utf-8", "assets/portal.js"),
];

/// What npm reads.
const NPM_FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

fn main() -> Result<()> {
    for path in ["build.rs", "assets", "messages"].into_iter().chain(NPM_FILES) {
        println!("cargo::rerun-if-changed={path}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").context("OUT_DIR is not set")?);
    let packages = install(&out)?;
    assets(&out, &packages)?;
    messages(&out)
}

/// Lets npm fetch what the lock file names, unless it is there already.
fn install(out: &Path) -> Result<PathBuf> {
    let folder = out.join("npm");
    let done = folder.join("done");
    let lock = fs::read_to_string("package-lock.json").context("package-lock.json")?;
    if fs::read_to_string(&done).is_ok_and(|of| of == lock) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    for file in NPM_FILES {
        fs::copy(file, folder.join(file)).with_context(|| file.to_owned())?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
    let ended = npm.output().context(
        "npm cannot be run; the portal's style sheet comes through it: install Node.js with npm",
    )?;
    if !ended.status.success() {
        bail!("npm ci failed: {}", String::from_utf8_lossy(&ended.stderr));
    }
    fs::write(done, lock)?;
    Ok(folder)
}

/// Writes each asset compressed and not, and the table of them.
fn assets(out: &Path, packages: &Path) -> Result<()> {
    let mut table = String::from("[\n");
    for (name, kind, file) in ASSETS {
        let path =
            if file.starts_with("node_modules/") { packages.join(file) } else { file.into() };
        let plain = fs::read(&path).with_context(|| path.display().to_string())?;
        // A map of the source is not embedded, so nobody should look for it.
        let plain = without_map(&plain);
        let small = compressed(&plain)?;
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        let (stem, ending) = name.split_once('.').context("an asset has an ending")?;
        let hashed = format!("{stem}.{:016x}.{ending}", hasher.finish());
        fs::write(out.join(name), &plain)?;
        fs::write(out.join(format!("{name}.br")), &small)?;
        table.push_str(&format!(
            "Asset {{ name: {name:?}, hashed: {hashed:?}, kind: {kind:?}, \
             plain: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\")), \
             brotli: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.br\")) }},\n"
        ));
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn without_map(plain: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(plain);
    let kept = text.lines().filter(|line| !line.contains("sourceMappingURL="));
    kept.collect::<Vec<_>>().join("\n").into_bytes()
}

fn compressed(plain: &[u8]) -> Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
    writer.write_all(plain)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

/// Writes the words of the pages: a key is the name of a file and the keys within, with dots.
fn messages(out: &Path) -> Result<()> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir("messages/en").context("messages/en")? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).context("a name of a file")?;
        let text = fs::read_to_string(&path)?;
        let table: toml::Table =
            text.parse().with_context(|| format!("{} is not read", path.display()))?;
        flatten(stem, &toml::Value::Table(table), &mut all)?;
    }
    let rows = all.iter().map(|(key, text)| format!("({key:?}, {text:?}),\n"));
    fs::write(out.join("messages.rs"), format!("[\n{}]", rows.collect::<String>()))?;
    Ok(())
}

fn flatten(key: &str, value: &toml::Value, all: &mut BTreeMap<String, String>) -> Result<()> {
    match value {
        toml::Value::Table(table) => {
            table.iter().try_for_each(|(name, value)| flatten(&format!("{key}.{name}"), value, all))
        }
        toml::Value::String(text) => {
            ensure!(all.insert(key.to_owned(), text.clone()).is_none(), "{key} is there twice");
            Ok(())
        }
        other @ (toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_)) => bail!("{key} is no text: {other}"),
    }
}
