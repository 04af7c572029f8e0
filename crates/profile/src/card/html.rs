//! The card as a page: one file, no server, no network, a button beside each value that copies it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::algorithm::Digest;

use super::Card;
use super::Entry;
use super::Field;
use super::Section;

const STYLE: &str = include_str!("html/card.css");
const SCRIPT: &str = include_str!("html/card.js");

pub(super) fn write(card: &Card) -> String {
    let title = escape(&card.title);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n"
    );
    for paragraph in &card.intro {
        out.push_str(&format!("<p>{}</p>\n", escape(paragraph)));
    }
    for section in &card.sections {
        out.push_str(&one(section));
    }
    out.push_str(&format!("</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"));
    out
}

fn one(section: &Section) -> String {
    let mut out = format!("<section>\n<h2>{}</h2>\n", escape(&section.title));
    if let Some(place) = &section.place {
        out.push_str(&format!("<p class=\"place\">Where: {}</p>\n", escape(place)));
    }
    if !section.fields.is_empty() {
        out.push_str("<table>\n");
        for one in &section.fields {
            out.push_str(&field(one));
        }
        out.push_str("</table>\n");
    }
    for note in &section.notes {
        out.push_str(&format!("<p class=\"note\">{}</p>\n", escape(note)));
    }
    out.push_str("</section>\n");
    out
}

fn field(field: &Field) -> String {
    let value = match &field.entry {
        Entry::Type(text) => format!("<code>{}</code>", escape(text)),
        Entry::Secret(text) => format!("<code class=\"secret\">{}</code>", escape(text)),
        Entry::Complete(text) => {
            format!("<code>{}</code> <i>choose what is in brackets</i>", escape(text))
        }
        Entry::Choose(choice) => format!("choose <b>{}</b>", escape(choice)),
        Entry::Tick => "tick".to_owned(),
        Entry::Untick => "untick".to_owned(),
        Entry::Leave => "leave as it is".to_owned(),
        Entry::Upload(file) => format!("upload <code>{}</code>", escape(file)),
        Entry::Press => "press".to_owned(),
    };
    let note = field
        .note
        .as_deref()
        .map_or_else(String::new, |note| format!("<br><small>{}</small>", escape(note)));
    let button =
        if field.entry.copied().is_some() { "<button type=\"button\">Copy</button>" } else { "" };
    let label = escape(&field.label);
    format!("<tr><th scope=\"row\">{label}</th><td>{value}{note}</td><td>{button}</td></tr>\n")
}

/// What the page's policy allows: this very script, this very style.
fn hash(text: &str) -> String {
    let digest = Digest::Sha256.compute(text.as_bytes()).unwrap_or_default();
    format!("sha256-{}", STANDARD.encode(digest))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
