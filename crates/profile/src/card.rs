//! The copy card: what to enter into an MDM's console, form by form, field by field, in the
//! console's order and words. One structure, shown as Markdown, as a page of its own, and by the
//! portal.

mod content;
mod google;
mod html;
mod intune;
mod jamf;
mod kandji;
mod markdown;
mod mosyle;
mod plain;
mod workspace_one;

use self::content::Content;
use crate::apple;
use crate::apple::trust;
use crate::complaint::Complaint;
use crate::file::File;
use crate::network::Network;
use crate::platform::Platform;
use crate::render::Part;
use crate::render::Selection;
use crate::text::Part as TextPart;

/// What to enter into a console.
#[derive(Clone, Debug)]
pub struct Card {
    /// Whose console.
    pub platform: Platform,
    /// What it is about.
    pub title: String,
    /// What to know before.
    pub intro: Vec<String>,
    /// The forms, in the console's order.
    pub sections: Vec<Section>,
    /// The profile that can be uploaded instead of filling in forms; none where the console takes
    /// none, or where its variables are not known here.
    pub profile: Option<File>,
}

/// A form of a console.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Section {
    /// What is made there.
    pub title: String,
    /// Where it is found: menus and buttons.
    pub place: Option<String>,
    /// The fields, in the form's order.
    pub fields: Vec<Field>,
    /// What to know besides.
    pub notes: Vec<String>,
    /// The part that it belongs to; none belongs to every part.
    pub part: Option<Part>,
}

/// A field of a form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// What the console calls it.
    pub label: String,
    /// What to do there.
    pub entry: Entry,
    /// What to know of it.
    pub note: Option<String>,
}

/// What to do in a field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Entry {
    /// Enter this.
    Type(String),
    /// Enter this, and show it to nobody.
    Secret(String),
    /// Enter this, and choose what stands in brackets from the console's list of variables.
    Complete(String),
    /// Choose this from a list.
    Choose(String),
    /// Tick this.
    Tick,
    /// Take the tick away, if there is one.
    Untick,
    /// Leave this as it is.
    Leave,
    /// Upload this file.
    Upload(String),
    /// Press this, as often as it says.
    Press,
}

impl Entry {
    /// What is copied from the card into the console.
    #[must_use]
    pub fn copied(&self) -> Option<&str> {
        match self {
            Self::Type(text) | Self::Secret(text) | Self::Complete(text) => Some(text),
            Self::Choose(_)
            | Self::Tick
            | Self::Untick
            | Self::Leave
            | Self::Upload(_)
            | Self::Press => None,
        }
    }
}

impl Section {
    fn new(part: Option<Part>, title: impl Into<String>) -> Self {
        Self { title: title.into(), place: None, fields: Vec::new(), notes: Vec::new(), part }
    }

    fn at(mut self, place: &str) -> Self {
        self.place = Some(place.to_owned());
        self
    }

    fn with(mut self, label: &str, entry: Entry) -> Self {
        self.fields.push(Field { label: label.to_owned(), entry, note: None });
        self
    }

    fn typed(self, label: &str, text: impl Into<String>) -> Self {
        self.with(label, Entry::Type(text.into()))
    }

    fn chosen(self, label: &str, choice: impl Into<String>) -> Self {
        self.with(label, Entry::Choose(choice.into()))
    }

    fn ticked(self, label: &str) -> Self {
        self.with(label, Entry::Tick)
    }

    fn ticked_if(self, is_so: bool, label: &str) -> Self {
        self.with(label, if is_so { Entry::Tick } else { Entry::Untick })
    }

    fn pressed(self, label: &str) -> Self {
        self.with(label, Entry::Press)
    }

    fn uploaded(self, label: &str, file: impl Into<String>) -> Self {
        self.with(label, Entry::Upload(file.into()))
    }

    /// A note about the field that was added last.
    fn noting(mut self, note: impl Into<String>) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.note = Some(note.into());
        }
        self
    }

    /// A note about the whole form.
    fn remarking(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// Writes the card of a console.
///
/// # Errors
/// Every [`Complaint`] there is.
pub fn write(
    network: &Network,
    platform: Platform,
    selection: &Selection,
) -> Result<Card, Vec<Complaint>> {
    let content = Content::of(network, platform)?;
    let profile = profile(network, platform, selection, &content)?;
    let mut sections = match platform {
        Platform::Jamf => jamf::sections(&content),
        Platform::Intune => intune::sections(&content),
        Platform::Kandji => kandji::sections(&content),
        Platform::WorkspaceOne => workspace_one::sections(&content),
        Platform::Google => google::sections(&content),
        Platform::Mosyle => mosyle::sections(&content),
        Platform::Addigy | Platform::Meraki | Platform::Generic => plain::sections(&content),
        Platform::Apple
        | Platform::Windows
        | Platform::Android
        | Platform::ChromeOs
        | Platform::Linux
        | Platform::EapConfig
        | Platform::P12 => {
            let what = format!("{} is no console", platform.label());
            return Err(vec![Complaint::new("platform", what, "choose an MDM")]);
        }
    };
    sections.retain(|section| section.part.is_none_or(|part| selection.includes(part)));
    if let Some(profile) = &profile {
        sections.push(content::upload(platform, profile));
    }
    let console = if platform == Platform::Generic { "another MDM" } else { platform.label() };
    let title = format!("{} in {console}", network.name);
    let mut card = Card { platform, title, intro: Vec::new(), sections, profile };
    card.intro = card.introduce(network, &content, selection);
    Ok(card)
}

/// The profile to upload, where the console takes one.
fn profile(
    network: &Network,
    platform: Platform,
    selection: &Selection,
    content: &Content<'_>,
) -> Result<Option<File>, Vec<Complaint>> {
    if content.has_places && selection.includes(Part::Scep) {
        // What else would be wrong with it is wrong with the card too.
        let mut filled = network.clone();
        let subject = filled.scep.subject.iter_mut().map(|(_, text)| text);
        for text in subject.chain(filled.scep.names.iter_mut().map(|(_, text)| text)) {
            text.0 = vec![TextPart::Literal("x".to_owned())];
        }
        apple::profile(&filled, platform, selection)?;
        return Ok(None);
    }
    let profile = apple::profile(network, platform, selection)?;
    Ok((platform != Platform::Google).then_some(profile))
}

impl Card {
    fn introduce(
        &self,
        network: &Network,
        content: &Content<'_>,
        selection: &Selection,
    ) -> Vec<String> {
        let mut intro = vec![format!(
            "Network profile \"{}\" of {}, version {}. Consoles change; where a field has another \
             name today, its place in the order helps to find it.",
            network.name, network.organization, network.version
        )];
        if let Some(part) = selection.only {
            intro.push(format!(
                "Only a part: {}. It shows whether this part works; devices need the whole.",
                part.label()
            ));
        }
        if self.is_secret() {
            let secret = "This card holds the gateway's challenge. Keep it like a password, and \
                          delete it when the console has it.";
            intro.push(secret.to_owned());
        } else if self.profile.as_ref().is_some_and(|profile| profile.is_secret) {
            let secret = "The profile beside this card holds the gateway's challenge. Keep it like \
                          a password, and delete it when the console has it.";
            intro.push(secret.to_owned());
        }
        if content.has_places && selection.includes(Part::Scep) {
            let places = "What this console calls its variables is not known here: where something \
                          stands in [brackets], choose it from the console's own list. A file to \
                          upload is not made for the same reason; write the variables as plain text \
                          into the network profile to get one.";
            intro.push(places.to_owned());
        } else if self.profile.is_some() {
            let two =
                "The forms and the profile at the end are two ways to the same: do one of them.";
            intro.push(two.to_owned());
        }
        intro
    }

    /// The certificates to upload, in the form that the console takes.
    #[must_use]
    pub fn certificates(&self, network: &Network) -> Vec<File> {
        let wanted = |name: &str| {
            self.sections
                .iter()
                .flat_map(|section| &section.fields)
                .any(|field| matches!(&field.entry, Entry::Upload(file) if file == name))
        };
        let all = trust::all(network).into_iter();
        let files = all.map(|trusted| content::certificate_file(self.platform, &trusted));
        files.filter(|file| wanted(&file.name)).collect()
    }

    /// The card as Markdown.
    #[must_use]
    pub fn markdown(&self) -> File {
        let content = markdown::write(self).into_bytes();
        let is_secret = self.is_secret();
        File { name: "card.md".to_owned(), media_type: "text/markdown", content, is_secret }
    }

    /// The card as a page that needs no server and no network.
    #[must_use]
    pub fn html(&self) -> File {
        let content = html::write(self).into_bytes();
        let is_secret = self.is_secret();
        File { name: "card.html".to_owned(), media_type: "text/html", content, is_secret }
    }

    fn is_secret(&self) -> bool {
        let mut fields = self.sections.iter().flat_map(|section| &section.fields);
        fields.any(|field| matches!(field.entry, Entry::Secret(_)))
    }
}
