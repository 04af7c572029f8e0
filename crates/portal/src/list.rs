//! Lists: what every list page shows and can be asked.

pub(crate) mod page;

use domain::filter::Field;
use domain::filter::Filter;
use domain::filter::Form;
use domain::filter::TEXT;
use pki::time::Time;
use serde::Deserialize;

use crate::text;
use crate::url;

/// Items on a page.
pub(crate) const PAGE_ITEMS: u32 = 50;

/// What stands behind the question mark of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// What is looked for.
    pub(crate) search: String,
    /// In the language of filters.
    pub(crate) filter: String,
    /// A term that is put behind the filter: from a chip's form, with its field.
    pub(crate) add_field: String,
    /// Its value.
    pub(crate) add_value: String,
    /// By what the list is ordered.
    pub(crate) sort: String,
    /// Where the page begins.
    pub(crate) cursor: String,
}

impl Asked {
    /// The filter, with the term that was put behind it.
    pub(crate) fn filter(&self) -> String {
        let (field, value) = (self.add_field.trim(), self.add_value.trim());
        if field.is_empty() || value.is_empty() {
            return self.filter.clone();
        }
        let is_quoted = value.contains(char::is_whitespace) && !value.starts_with('"');
        let value = if is_quoted {
            format!("\"{}\"", value.replace('"', "\\\""))
        } else {
            value.to_owned()
        };
        format!("{} {field}:{value}", self.filter).trim().to_owned()
    }

    /// The cursor, if there is one.
    pub(crate) fn cursor(&self) -> Option<String> {
        Some(self.cursor.clone()).filter(|cursor| !cursor.is_empty())
    }
}

/// A list as a page shows it.
pub(crate) struct List {
    /// The noun, as keys of the catalogue begin: `gateway`.
    pub(crate) noun: &'static str,
    /// Its URL, without parameters.
    pub(crate) url: String,
    pub(crate) search: String,
    pub(crate) filter: String,
    pub(crate) sort: String,
    pub(crate) chips: Vec<Chip>,
    pub(crate) fields: Vec<ShownFilter>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// The next page.
    pub(crate) next: Option<String>,
    /// The page before, where a list is read both ways.
    pub(crate) newer: Option<String>,
    /// The stream that tells of news, where the rows are live.
    pub(crate) live: Option<String>,
    /// The first page, if this is another.
    pub(crate) first: Option<String>,
    /// What is wrong with the filter.
    pub(crate) wrong: Option<String>,
    /// What can be made here.
    pub(crate) add: Option<Link>,
    /// Further buttons.
    pub(crate) links: Vec<Link>,
    /// The list as a file, in these forms.
    pub(crate) exports: Vec<Link>,
    /// Whether anything was asked, so that an empty list is no empty organization.
    pub(crate) is_narrowed: bool,
}

/// A term of the filter, and the list without it.
pub(crate) struct Chip {
    pub(crate) text: String,
    pub(crate) without: String,
}

/// A field that can be asked by.
pub(crate) struct ShownFilter {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    /// Of a closed list.
    pub(crate) values: Vec<&'static str>,
}

/// A column, and by what it can be ordered.
pub(crate) struct Column {
    pub(crate) title: String,
    pub(crate) sort: Option<String>,
    pub(crate) is_sorted: bool,
}

/// One thing of a list.
pub(crate) struct Row {
    pub(crate) url: String,
    pub(crate) cells: Vec<Cell>,
}

/// What a row says in a column.
pub(crate) enum Cell {
    /// From outside.
    Text(String),
    /// A serial number, an address: every character counts.
    Code(String),
    /// A word of ours, and how it is colored: `green`, `red`, `yellow`, `blue`, `secondary`.
    Badge(&'static str, String),
    /// A moment.
    At(Time),
    /// Leads elsewhere.
    Link(Link),
    /// A box to tick, for the form `chosen`: the field `serial` with this value.
    Choose(String),
    /// Nothing.
    None,
}

/// Something to click.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) title: String,
    pub(crate) url: String,
}

impl Link {
    /// A link with the words of a key.
    pub(crate) fn new(key: &str, url: impl Into<String>) -> Self {
        Self { title: text::t(key).into_owned(), url: url.into() }
    }
}

impl List {
    /// An empty list of what was asked, with columns of these keys (`{noun}.column.{key}`), each
    /// with the word that it is ordered by.
    pub(crate) fn new(
        noun: &'static str,
        path: &str,
        asked: &Asked,
        (fields, now): (&'static [Field], Time),
        columns: &[(&'static str, &'static str)],
    ) -> Self {
        let filter = asked.filter();
        let parsed = Filter::parse(&filter, fields, now);
        let parameters = |filter: &str, sort: &str, cursor: &str| {
            let all = [
                ("search", asked.search.as_str()),
                ("filter", filter),
                ("sort", sort),
                ("cursor", cursor),
            ];
            url::with(path, &all)
        };
        let chips = parsed.as_ref().map(chips).unwrap_or_default();
        let chips = chips
            .into_iter()
            .map(|(text, rest)| Chip { text, without: parameters(&rest, &asked.sort, "") });
        let column = |(key, sort): &(&'static str, &'static str)| Column {
            title: text::t(&format!("{noun}.column.{key}")).into_owned(),
            sort: (!sort.is_empty()).then(|| parameters(&filter, sort, "")),
            is_sorted: !sort.is_empty() && asked.sort == *sort,
        };
        let offered = fields.iter().filter(|field| field.name != TEXT);
        Self {
            noun,
            url: path.to_owned(),
            search: asked.search.clone(),
            sort: asked.sort.clone(),
            chips: chips.collect(),
            fields: offered.map(shown_filter).collect(),
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
            next: None,
            newer: None,
            live: None,
            first: (!asked.cursor.is_empty()).then(|| parameters(&filter, &asked.sort, "")),
            wrong: parsed.err().map(|refusal| refusal.reason().sentence),
            add: None,
            links: Vec::new(),
            exports: Vec::new(),
            is_narrowed: !filter.is_empty() || !asked.search.is_empty(),
            filter,
        }
    }

    /// Lets it go on behind this cursor.
    pub(crate) fn goes_on(&mut self, next: Option<String>) {
        self.next = next.map(|cursor| self.at(&cursor));
    }

    /// The same list at this cursor; at none, from its beginning.
    pub(crate) fn at(&self, cursor: &str) -> String {
        let all = [
            ("search", self.search.as_str()),
            ("filter", &self.filter),
            ("sort", &self.sort),
            ("cursor", cursor),
        ];
        url::with(&self.url, &all)
    }

    /// Lets it be taken along as CSV and as JSON, from URLs below its own.
    pub(crate) fn exported(&mut self) {
        let all =
            [("search", self.search.as_str()), ("filter", &self.filter), ("sort", &self.sort)];
        let one = |key: &str, ending: &str| {
            Link::new(key, url::with(&format!("{}.{ending}", self.url), &all))
        };
        self.exports = vec![one("list.export_csv", "csv"), one("list.export_json", "json")];
    }
}

/// Each term as a text, and the filter without it.
fn chips(filter: &Filter) -> Vec<(String, String)> {
    let terms = filter.terms();
    let rest = |index: usize| {
        let others = terms.iter().enumerate().filter(|(other, _)| *other != index);
        others.map(|(_, term)| term.to_string()).collect::<Vec<_>>().join(" ")
    };
    terms.iter().enumerate().map(|(index, term)| (term.to_string(), rest(index))).collect()
}

fn shown_filter(field: &Field) -> ShownFilter {
    let values = match field.form {
        Form::Word(words) => words(),
        Form::Text | Form::Beginning | Form::Search | Form::Mac | Form::Since | Form::Until => {
            Vec::new()
        }
    };
    ShownFilter { name: field.name, meaning: field.meaning, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FIELDS: [Field; 2] = [
        Field { name: "kind", form: Form::Text, meaning: "x" },
        Field { name: "text", form: Form::Search, meaning: "x" },
    ];

    fn list(asked: &Asked) -> List {
        List::new("test", "/things", asked, (&FIELDS, Time(0)), &[("name", "name")])
    }

    #[test]
    fn each_term_is_a_chip_that_can_be_taken_away() {
        let asked =
            Asked { filter: "kind:a -kind:b".into(), search: "x y".into(), ..Asked::default() };
        let list = list(&asked);
        let chips: Vec<(&str, &str)> =
            list.chips.iter().map(|chip| (chip.text.as_str(), chip.without.as_str())).collect();
        let expected = [
            ("kind:a", "/things?search=x%20y&filter=-kind%3Ab"),
            ("-kind:b", "/things?search=x%20y&filter=kind%3Aa"),
        ];
        assert_eq!(chips, expected);
        assert_eq!(list.fields.len(), 1);
    }

    #[test]
    fn a_term_is_put_behind_the_filter() {
        let asked = Asked {
            filter: "kind:a".into(),
            add_field: "kind".into(),
            add_value: " two words ".into(),
            ..Asked::default()
        };
        assert_eq!(asked.filter(), "kind:a kind:\"two words\"");
    }

    #[test]
    fn a_filter_that_is_not_understood_says_so_and_keeps_what_was_written() {
        let list = list(&Asked { filter: "colour:red".into(), ..Asked::default() });
        assert!(list.wrong.unwrap().contains("colour"));
        assert_eq!(list.filter, "colour:red");
    }
}
