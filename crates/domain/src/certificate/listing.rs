//! What a list of certificates can be asked by in the language of filters, and in which orders it
//! comes: those that an index has.

use pki::time::Time;

use crate::certificate::Status;
use crate::certificate::search;
use crate::certificate::search::Name;
use crate::certificate::search::Search;
use crate::certificate::search::Start;
use crate::filter;
use crate::filter::Filter;
use crate::filter::Form;
use crate::filter::Pattern;
use crate::filter::Term;
use crate::refusal::Refusal;

/// Every field of a certificate that a list can be asked by.
pub static FIELDS: [filter::Field; 7] = [
    filter::Field {
        name: "serial",
        form: Form::Beginning,
        meaning: "the serial number in hexadecimal digits",
    },
    filter::Field { name: "subject", form: Form::Beginning, meaning: "whom it names" },
    filter::Field { name: "device", form: Form::Beginning, meaning: "what the device was called" },
    filter::Field { name: "person", form: Form::Beginning, meaning: "who owned the device" },
    filter::Field { name: "status", form: Form::Word(statuses), meaning: "where it stands" },
    filter::Field { name: "authority", form: Form::Text, meaning: "the authority that signed it" },
    filter::Field { name: "gateway", form: Form::Text, meaning: "where it was asked for" },
];

/// The order that has the newest first.
const NEWEST: &str = "newest";

fn statuses() -> Vec<&'static str> {
    Status::ALL.into_iter().map(Status::as_str).collect()
}

/// Every order, as written in parameters.
pub fn orders() -> Vec<&'static str> {
    let fields = search::Field::ALL.into_iter().map(search::Field::as_str);
    [NEWEST].into_iter().chain(fields).collect()
}

impl Search {
    /// Adds what a filter says. This list knows each field once, and no negation: its pages are
    /// walks along one index.
    pub fn with_filter(mut self, text: &str) -> Result<Self, Refusal> {
        // No field is a moment.
        for term in Filter::parse(text, &FIELDS, Time(0))?.terms() {
            let Term { field, negated, pattern } = term;
            if *negated {
                return Err(wrong(format!("cannot say -{} of certificates", field.name)));
            }
            let given = match pattern {
                Pattern::Is(text) => (text.as_str(), false),
                Pattern::Begins(text) => (text.as_str(), true),
                Pattern::At(_) => continue,
            };
            self.add(field.name, given)?;
        }
        Ok(self)
    }

    fn add(&mut self, name: &str, (text, begins): (&str, bool)) -> Result<(), Refusal> {
        if let Some(field) = search::Field::parse(name) {
            if self.start.is_some() {
                let what = "can say one of serial, subject, device and person, and once";
                return Err(wrong(what.to_owned()));
            }
            let is_any = text.is_empty();
            self.start = Some(if is_any { Start::all(field) } else { Start::parse(field, text)? });
            return Ok(());
        }
        if begins {
            return Err(wrong(format!("says {name} with a *, which takes a whole value here")));
        }
        let is_new = match name {
            "status" => self.status.replace(status(text)?).is_none(),
            "authority" => self.authority.replace(Name::parse(name, text)?).is_none(),
            _ => self.gateway.replace(Name::parse("gateway", text)?).is_none(),
        };
        if is_new {
            Ok(())
        } else {
            Err(wrong(format!("says {name} twice, or it is given beside")))
        }
    }

    /// Puts the list in this order.
    pub fn in_order(mut self, order: &str) -> Result<Self, Refusal> {
        let field = search::Field::parse(order);
        if field.is_none() && order != NEWEST {
            let what = format!("is not {}: no index has another order", orders().join(", "));
            return Err(Refusal::ParameterWrong { parameter: "sort".into(), what });
        }
        match (&self.start, field) {
            (None, field) => self.start = field.map(Start::all),
            (Some(start), Some(field)) if start.field() == field => {}
            (Some(start), _) => {
                let name = start.field().as_str();
                let what =
                    format!("is to be {name}: what is looked for by {name} comes in its order");
                return Err(Refusal::ParameterWrong { parameter: "sort".into(), what });
            }
        }
        Ok(self)
    }
}

fn status(text: &str) -> Result<Status, Refusal> {
    Status::parse(text).ok_or_else(|| wrong("names no status".to_owned()))
}

fn wrong(what: String) -> Refusal {
    Refusal::ParameterWrong { parameter: "filter".into(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(filter: &str) -> Result<Search, Refusal> {
        Search::default().with_filter(filter)
    }

    #[track_caller]
    fn is_refused(answer: Result<Search, Refusal>, expected: &str) {
        let sentence = answer.unwrap_err().to_string();
        assert!(sentence.contains(expected), "{sentence}");
    }

    #[test]
    fn a_filter_says_what_the_parameters_say() {
        let search = of("status:issued authority:\"A 1\" gateway:G subject:CN=a*").unwrap();
        let start = Start::parse(search::Field::Subject, "CN=a").unwrap();
        assert_eq!(search.start, Some(start));
        assert_eq!(search.status, Some(Status::Issued));
        assert_eq!(search.authority.unwrap().as_str(), "A 1");
        assert_eq!(search.gateway.unwrap().as_str(), "G");
        assert_eq!(of("").unwrap(), Search::default());
        assert_eq!(of("device:*").unwrap().start, Some(Start::all(search::Field::Device)));
    }

    #[test]
    fn what_this_list_cannot_do_is_refused() {
        is_refused(of("-status:issued"), "cannot say -status");
        is_refused(of("status:issued status:held"), "says status twice");
        is_refused(of("status:i*"), "takes a whole value");
        is_refused(of("gateway:a*"), "takes a whole value");
        is_refused(of("device:mac"), "put a * at the end");
        is_refused(of("device:a* person:b*"), "one of serial, subject, device and person");
        is_refused(of("serial:xy*"), "serial is not the beginning of a number");
        is_refused(of("color:red"), "there are serial, subject, device, person, status");
        let given = Search { status: Some(Status::Held), ..Search::default() };
        is_refused(given.with_filter("status:issued"), "or it is given beside");
    }

    #[test]
    fn a_list_comes_in_the_order_of_an_index() {
        let all = Search::default();
        assert_eq!(all.clone().in_order("newest").unwrap(), all);
        let by = all.clone().in_order("person").unwrap();
        assert_eq!(by.start, Some(Start::all(search::Field::Person)));
        is_refused(all.in_order("not_after"), "is not newest, serial, subject, device, person");
        let devices = of("device:a*").unwrap();
        assert_eq!(devices.clone().in_order("device").unwrap(), devices);
        is_refused(devices.clone().in_order("newest"), "is to be device");
        is_refused(devices.in_order("subject"), "is to be device");
    }
}
