//! The card as Markdown, for people who read files.

use core::fmt::Write;

use super::Card;
use super::Entry;
use super::Field;
use super::Section;

pub(super) fn write(card: &Card) -> String {
    let mut out = format!("# {}\n", plain(&card.title));
    for paragraph in &card.intro {
        line(&mut out, &format!("\n{}", plain(paragraph)));
    }
    for (place, section) in card.sections.iter().enumerate() {
        one(&mut out, place + 1, section);
    }
    out
}

fn one(out: &mut String, number: usize, section: &Section) {
    line(out, &format!("\n## {number}. {}\n", plain(&section.title)));
    if let Some(place) = &section.place {
        line(out, &format!("Where: {}\n", plain(place)));
    }
    for one in &section.fields {
        line(out, &format!("- {}", field(one)));
    }
    if !section.fields.is_empty() && !section.notes.is_empty() {
        out.push('\n');
    }
    for note in &section.notes {
        line(out, &format!("> {}\n>", plain(note)));
    }
    if out.ends_with("\n>\n") {
        out.truncate(out.len() - 2);
    }
}

fn field(field: &Field) -> String {
    let label = plain(&field.label);
    let mut text = match &field.entry {
        Entry::Type(value) | Entry::Secret(value) => format!("**{label}**: {}", code(value)),
        Entry::Complete(value) => {
            format!("**{label}**: {} (choose what is in brackets)", code(value))
        }
        Entry::Choose(choice) => format!("**{label}**: choose *{}*", plain(choice)),
        Entry::Tick => format!("**{label}**: tick"),
        Entry::Untick => format!("**{label}**: untick"),
        Entry::Leave => format!("**{label}**: leave as it is"),
        Entry::Upload(file) => format!("**{label}**: upload {}", code(file)),
        Entry::Press => format!("press **{label}**"),
    };
    if let Some(note) = &field.note {
        let _ = write!(text, " ({})", plain(note));
    }
    text
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// A value, exactly as it is, between as many backticks as it takes.
fn code(value: &str) -> String {
    let value: String = value.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    let longest = value.split(|one| one != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if value.starts_with('`') || value.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{value}{pad}{fence}")
}

/// A text in which nothing is Markdown.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' => {
                plain.push('\\');
                plain.push(character);
            }
            character if character.is_control() => plain.push(' '),
            character => plain.push(character),
        }
    }
    plain
}
