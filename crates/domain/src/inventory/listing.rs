//! What lists of devices and people can be asked by in the language of filters, and in which order
//! they come.

use pki::time::Time;

use crate::filter::Field;
use crate::filter::Filter;
use crate::filter::Form;
use crate::filter::Pattern;
use crate::refusal::Refusal;

/// What both lists are ordered and asked by.
const NAME: &str = "name";

/// Every field of a device or a person that a list can be asked by.
pub static FIELDS: [Field; 1] = [Field {
    name: NAME,
    form: Form::Beginning,
    meaning: "what it is called; of a device, its serial number too",
}];

/// What the names begin with that a list is asked for: by a filter or as the parameter `search`,
/// in the only order that there is.
pub fn start(
    search: Option<&str>,
    filter: Option<&str>,
    sort: Option<&str>,
) -> Result<String, Refusal> {
    let wrong = |parameter: &str, what: &str| {
        Err(Refusal::ParameterWrong { parameter: parameter.to_owned(), what: what.to_owned() })
    };
    if sort.is_some_and(|sort| sort != NAME) {
        return wrong("sort", "is not name: no index has another order");
    }
    // No field is a moment.
    let filter = Filter::parse(filter.unwrap_or_default(), &FIELDS, Time(0))?;
    match (search, filter.terms()) {
        (search, []) => Ok(search.unwrap_or_default().to_owned()),
        (Some(_), _) => wrong("filter", "and search cannot both be given"),
        (None, [term]) if term.negated => wrong("filter", "cannot say -name of this list"),
        (None, [term]) => Ok(match &term.pattern {
            Pattern::Begins(start) | Pattern::Is(start) => start.clone(),
            Pattern::At(_) => String::new(),
        }),
        (None, _) => wrong("filter", "says name twice, which this list takes once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_asked_by_search_or_by_filter() {
        assert_eq!(start(None, None, None).unwrap(), "");
        assert_eq!(start(Some("mac"), None, Some("name")).unwrap(), "mac");
        assert_eq!(start(None, Some("name:\"mac 1*\""), None).unwrap(), "mac 1");
        assert_eq!(start(None, Some("name:*"), None).unwrap(), "");
    }

    #[test]
    fn what_these_lists_cannot_do_is_refused() {
        for (search, filter, sort, expected) in [
            (None, None, Some("serial"), "sort is not name"),
            (Some("a"), Some("name:a*"), None, "cannot both be given"),
            (None, Some("-name:a*"), None, "cannot say -name"),
            (None, Some("name:a* name:b*"), None, "says name twice"),
            (None, Some("name:mac"), None, "put a * at the end"),
            (None, Some("owner:anna"), None, "there are name"),
        ] {
            let sentence = start(search, filter, sort).unwrap_err().to_string();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }
}
