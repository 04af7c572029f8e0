//! What an event is about, in words: an event says `certificate_template:Mosyle devices`, a page
//! says "Certificate Template Mosyle devices".

use domain::event::Shown;

use crate::text;

/// The words for `noun:name`; as it stands where the noun has none.
pub(crate) fn words(object: &str) -> String {
    let Some((noun, name)) = object.split_once(':') else { return object.to_owned() };
    match text::find(&format!("subject.{noun}")) {
        Some(words) => words.replace("{name}", name).trim().to_owned(),
        None => object.to_owned(),
    }
}

/// The words for what an event is about: a certificate goes by its device's name where that is known.
pub(crate) fn of(event: &Shown) -> String {
    let device = event.details.get("device").and_then(|device| device.as_str());
    match device {
        Some(device) if event.object.starts_with("certificate:") => {
            text::with("subject.certificate_of", &[("device", device)])
        }
        Some(_) | None => words(&event.object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_has_words_and_a_name_may_hold_anything() {
        assert_eq!(words("certificate_template:A: {name}"), "Certificate Template A: {name}");
        assert_eq!(words("organization:"), "Organization");
        assert_eq!(words("packet:"), "Packets");
    }

    #[test]
    fn what_has_no_words_stays() {
        assert_eq!(words("moon:far"), "moon:far");
        assert_eq!(words("far"), "far");
    }
}
