//! Declarative files: from TOML to the JSON that the API takes, remembering where each field
//! stands, so that a complaint can name its line.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;
use anyhow::bail;
use domain::complaint::Complaint;
use serde_json::Map;
use serde_json::Value;
use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

/// Largest declarative file, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Largest file that a `…_file` key names, in bytes.
const SECRET_BYTES_MAX: u64 = 4096;

/// Deepest nesting of a file.
const DEPTH_MAX: usize = 16;

/// Keys that name a file instead of holding a secret, and what they stand for.
pub(crate) const FILE_KEYS: [(&str, &str); 1] = [("shared_secret_file", "shared_secret")];

/// A declarative file, read.
#[derive(Debug)]
pub(crate) struct TomlDocument {
    /// What it says.
    pub(crate) json: Value,
    places: HashMap<String, usize>,
    /// Secrets whose files are not there, by the field that they would be.
    absent: HashMap<String, String>,
}

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum NotRead {
    /// It is not TOML, or a key in it is wrong: the line, and the complaint.
    Complaint(usize, Complaint),
    /// The file system failed.
    Failed(anyhow::Error),
}

impl TomlDocument {
    /// Reads a file. Secrets are taken from the files that `…_file` keys name, relative to it.
    pub(crate) fn read(path: &Path) -> Result<Self, NotRead> {
        let text = read_bounded(path, FILE_BYTES_MAX).map_err(NotRead::Failed)?;
        let directory = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, directory)
    }

    /// Reads a text whose file stands in `directory`.
    pub(crate) fn parse(text: &str, directory: &Path) -> Result<Self, NotRead> {
        let table = DeTable::parse(text).map_err(|error| {
            let line = error.span().map_or(1, |span| Lines::of(text).line(span.start));
            let fix = "correct the TOML at this line";
            NotRead::Complaint(line, Complaint::new("", error.message(), fix))
        })?;
        let (places, absent) = (HashMap::new(), HashMap::new());
        let mut reader = Reader { lines: Lines::of(text), directory, places, absent };
        let json = reader.table(table.get_ref(), "", 0)?;
        Ok(Self { json: Value::Object(json), places: reader.places, absent: reader.absent })
    }

    /// Secrets whose files are not there: the line, and what to say of it. That is wrong only where
    /// there is no secret yet.
    pub(crate) fn absent_secrets(&self) -> Vec<(usize, &str)> {
        let absent = self.absent.iter();
        let mut absent: Vec<_> =
            absent.map(|(place, what)| (self.line(place), what.as_str())).collect();
        absent.sort_unstable();
        absent
    }

    /// A complaint as this file's reader understands it: of a secret that is missing because its
    /// file is.
    pub(crate) fn in_its_words(&self, complaint: Complaint) -> Complaint {
        match self.absent.get(&complaint.path) {
            Some(what) => Complaint::new(format!("{}_file", complaint.path), what, SECRET_FIX),
            None => complaint,
        }
    }

    /// A document that stands in no file.
    pub(crate) fn of_json(json: Value) -> Self {
        Self { json, places: HashMap::new(), absent: HashMap::new() }
    }

    /// The line of the field at `path`, or of the nearest table around it.
    pub(crate) fn line(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.places.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = path.get(..end).unwrap_or_default(),
                None => return 1,
            }
        }
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(core::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect())
    }

    /// The line of a byte, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|begin| *begin <= offset)
    }
}

struct Reader<'a> {
    lines: Lines,
    directory: &'a Path,
    places: HashMap<String, usize>,
    absent: HashMap<String, String>,
}

impl Reader<'_> {
    fn table(
        &mut self,
        table: &DeTable<'_>,
        path: &str,
        depth: usize,
    ) -> Result<Map<String, Value>, NotRead> {
        let mut map = Map::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let place = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let line = self.lines.line(key.span().start);
            self.places.insert(place.clone(), line);
            let stands_for = FILE_KEYS.iter().find(|(file_key, _)| *file_key == name);
            if let Some((_, secret_key)) = stands_for {
                if table.keys().any(|other| other.get_ref() == secret_key) {
                    let what = format!("is given beside {secret_key}");
                    let fix = "keep one of them";
                    return Err(NotRead::Complaint(line, Complaint::new(place, what, fix)));
                }
                let own = place.replace(&name, secret_key);
                self.places.insert(own.clone(), line);
                match self.secret(value, &place, line)? {
                    Found::Secret(secret) => {
                        map.insert((*secret_key).to_owned(), Value::from(secret));
                    }
                    Found::Nothing(what) => {
                        self.absent.insert(own, what);
                    }
                }
                continue;
            }
            let value = self.value(value, &place, depth)?;
            map.insert(name, value);
        }
        Ok(map)
    }

    fn value(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        path: &str,
        depth: usize,
    ) -> Result<Value, NotRead> {
        let line = self.lines.line(value.span().start);
        let complaint =
            |what: &str, fix: &str| NotRead::Complaint(line, Complaint::new(path, what, fix));
        if depth > DEPTH_MAX {
            return Err(complaint("is nested too deeply", "nothing here needs that"));
        }
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(flag) => Value::from(*flag),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                let parsed = i64::from_str_radix(&digits, number.radix());
                Value::from(
                    parsed.map_err(|_| complaint("is out of range", "use a smaller number"))?,
                )
            }
            DeValue::Float(number) => {
                let parsed = number.as_str().replace('_', "").parse::<f64>();
                Value::from(parsed.map_err(|_| complaint("is no number", "use a whole number"))?)
            }
            DeValue::Datetime(time) => Value::from(time.to_string()),
            DeValue::Array(items) => {
                let mut list = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let place = format!("{path}[{index}]");
                    self.places.insert(place.clone(), self.lines.line(item.span().start));
                    list.push(self.value(item, &place, depth + 1)?);
                }
                Value::from(list)
            }
            DeValue::Table(table) => Value::Object(self.table(table, path, depth + 1)?),
        })
    }

    fn secret(
        &self,
        value: &Spanned<DeValue<'_>>,
        place: &str,
        line: usize,
    ) -> Result<Found, NotRead> {
        let DeValue::String(name) = value.get_ref() else {
            let complaint = Complaint::new(place, "is not a text", "name a file");
            return Err(NotRead::Complaint(line, complaint));
        };
        let path = self.directory.join(name.as_ref());
        match read_bounded(&path, SECRET_BYTES_MAX) {
            Ok(text) => {
                warn_if_open(&path);
                Ok(Found::Secret(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
            Err(error) if is_absent(&error) => Ok(Found::Nothing(format!("{error:#}"))),
            Err(error) => {
                let complaint = Complaint::new(place, format!("{error:#}"), SECRET_FIX);
                Err(NotRead::Complaint(line, complaint))
            }
        }
    }
}

/// What a `…_file` key led to.
enum Found {
    Secret(String),
    /// There is no such file: why, as a sentence.
    Nothing(String),
}

const SECRET_FIX: &str = "name a file that holds the secret, relative to this one";

fn is_absent(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::NotFound)
}

/// Says that others of this machine can read a secret.
fn warn_if_open(path: &Path) {
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o004 != 0 {
        let shown = path.display();
        tracing::warn!(
            "{shown} holds a secret and can be read by everybody (mode {mode:03o}); run: chmod 600 \
             '{shown}'"
        );
    }
}

fn read_bounded(path: &Path, bytes_max: u64) -> anyhow::Result<String> {
    let shown = path.display();
    let file = fs::File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut text = String::new();
    // A device or a pipe says nothing of its length beforehand.
    let read = file.take(bytes_max + 1).read_to_string(&mut text);
    if matches!(read, Ok(length) if length as u64 > bytes_max) {
        bail!("{shown} is longer than {bytes_max} bytes");
    }
    read.with_context(|| format!("{shown} cannot be read"))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use domain::organization::Organization;
    use domain::organization::document::Document;
    use domain::plan;
    use domain::plan::Going;
    use domain::plan::SharedSecrets;
    use domain::secret::Secret;
    use proptest::collection::hash_map;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    const TEXT: &str = "[organization]\nname = \"x\"\n\n[[gateway]]\nname = \"a\"\n\n[[gateway]]\n\
                        name = \"b\"\nrules = [\n  { field = \"always\" },\n]\n";

    fn read(text: &str) -> TomlDocument {
        TomlDocument::parse(text, Path::new(".")).unwrap()
    }

    #[test]
    fn each_field_knows_its_line() {
        let document = read(TEXT);
        assert_eq!(document.line("organization.name"), 2);
        assert_eq!(document.line("gateway[0].name"), 5);
        assert_eq!(document.line("gateway[1].name"), 8);
        assert_eq!(document.line("gateway[1].rules[0].field"), 10);
        assert_eq!(document.line("gateway[1].certificate_authority"), 7);
        assert_eq!(document.line("nowhere"), 1);
    }

    #[test]
    fn the_json_says_what_the_toml_says() {
        let document = read("[t]\na = 1_000\nb = true\nc = [\"x\"]\nd = 0x10\n");
        let expected = serde_json::json!({"t": {"a": 1000, "b": true, "c": ["x"], "d": 16}});
        assert_eq!(document.json, expected);
    }

    #[test]
    fn what_is_not_toml_is_refused_with_its_line() {
        let error = TomlDocument::parse("a = 1\nb = = 2\n", Path::new(".")).unwrap_err();
        assert!(matches!(error, NotRead::Complaint(2, _)), "{error:?}");
    }

    #[test]
    fn a_secret_file_without_end_is_refused_with_its_line() {
        let text = "[[access_point]]\nname = \"a\"\nshared_secret_file = \"/dev/zero\"\n";
        let error = TomlDocument::parse(text, Path::new(".")).unwrap_err();
        let NotRead::Complaint(3, complaint) = error else { panic!("{error:?}") };
        assert!(complaint.what.contains("is longer than 4096 bytes"), "{complaint:?}");
    }

    #[test]
    fn a_secret_file_that_is_missing_leaves_the_secret_out_and_is_told_if_that_is_wrong() {
        let text = "[[access_point]]\nname = \"a\"\nshared_secret_file = \"no-such-file\"\n";
        let document = read(text);
        assert_eq!(document.json["access_point"][0].get("shared_secret"), None);
        let told = document.absent_secrets();
        assert!(
            matches!(told.as_slice(), [(3, what)] if what.contains("no-such-file")),
            "{told:?}"
        );
        let missing = Complaint::new("access_point[0].shared_secret", "is missing", "give one");
        let told = document.in_its_words(missing);
        assert!(told.what.contains("no-such-file cannot be read"), "{told:?}");
        assert_eq!(told.path, "access_point[0].shared_secret_file");
        let other = Complaint::new("access_point[0].address", "is wrong", "correct it");
        assert_eq!(document.in_its_words(other.clone()), other);
    }

    fn trees() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                hash_map("[a-zäß. \"]{1,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: RngSeed::Fixed(1),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn any_document_written_as_toml_says_the_same(tree in hash_map("[a-z_]{1,9}", trees(), 0..5)) {
            let json = Value::Object(tree.into_iter().collect());
            let text = toml::to_string(&json).unwrap();
            let document = read(&text);
            prop_assert_eq!(&document.json, &json, "{}", text);
            let lines = text.lines().count().max(1);
            prop_assert!(document.places.values().all(|line| (1..=lines).contains(line)));
        }

        #[test]
        fn any_text_is_read_or_refused_with_a_line_of_it(text in "([a-z]{1,2}|[\\[\\]{}=.,\"'#\n 0-9-]){0,60}") {
            let lines = text.lines().count() + 1;
            if let Err(NotRead::Complaint(line, _)) = TomlDocument::parse(&text, Path::new(".")) {
                prop_assert!((1..=lines).contains(&line), "{line} of {lines}");
            }
        }
    }

    #[test]
    fn what_an_organization_shows_of_itself_changes_nothing_when_it_is_given_again() {
        const GUIDE: &str = include_str!("../../../../examples/mosyle.toml");
        const DEMO: &str = include_str!("../../../../examples/demo.toml");
        for text in [GUIDE.to_owned(), format!("{GUIDE}\n{DEMO}")] {
            let given = Document::parse(read(&text).json).unwrap();
            let secrets: SharedSecrets = given
                .objects
                .access_point
                .iter()
                .map(|point| (point.name.clone(), Secret::new("a-long-shared-secret")))
                .collect();
            let made =
                plan::merge(&Organization::default(), &secrets, given, Going::Nothing).unwrap();
            // As JSON and as TOML, which knows no null.
            let shown = serde_json::to_value(&made.organization).unwrap();
            let written = toml::to_string(&shown).unwrap();
            for again in [shown, read(&written).json] {
                let again = Document::parse(again).unwrap();
                let merged =
                    plan::merge(&made.organization, &secrets, again, Going::Unnamed).unwrap();
                assert!(merged.plan.is_empty(), "{:?}", merged.plan);
            }
        }
    }
}
