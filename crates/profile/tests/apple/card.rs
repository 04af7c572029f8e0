//! Cards: the guide's words and order, and nothing that a hostile value could do.

use profile::card::Card;
use profile::card::Entry;
use profile::network::Medium;
use profile::network::Network;
use profile::network::Protection;
use profile::platform::Platform;
use profile::render;
use profile::render::Part;
use profile::render::Rendered;
use profile::render::Selection;

use crate::fixture;
use crate::fixture::CHALLENGE;

fn render(network: &Network, platform: Platform) -> Rendered {
    render::render(network, platform, &Selection::default()).unwrap()
}

fn card(network: &Network, platform: Platform) -> Card {
    render(network, platform).card.unwrap()
}

fn consoles() -> impl Iterator<Item = Platform> {
    Platform::ALL.into_iter().filter(|platform| platform.is_console())
}

/// A form as pairs of label and what is done there.
fn fields(card: &Card, title: &str) -> Vec<(String, String)> {
    let section = card.sections.iter().find(|section| section.title.starts_with(title)).unwrap();
    let words = |entry: &Entry| match entry {
        Entry::Type(text) | Entry::Secret(text) | Entry::Complete(text) => text.clone(),
        Entry::Choose(choice) => format!("choose {choice}"),
        Entry::Upload(file) => format!("upload {file}"),
        Entry::Tick => "tick".to_owned(),
        Entry::Untick => "untick".to_owned(),
        Entry::Leave => "leave".to_owned(),
        Entry::Press => "press".to_owned(),
    };
    section.fields.iter().map(|field| (field.label.clone(), words(&field.entry))).collect()
}

#[track_caller]
fn same(found: &[(String, String)], expected: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> =
        found.iter().map(|(label, words)| (label.as_str(), words.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn mosyle_has_the_guides_forms_in_the_guides_order() {
    let card = card(&fixture::network(), Platform::Mosyle);
    let titles: Vec<&str> = card.sections.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Creating a Multi-Cert Profile",
            "Creating a ROOT CA Profile: Example School Root CA",
            "Creating an Intermediate CA Profile: Example School SCEP CA",
            "Creating a Global Root CA Profile: Example Global Root CA",
            "Creating a Global Root CA Profile: Example Global Root G3",
            "Creating a SCEP Profile",
            "Creating a Wi-Fi Profile",
            "Assigning a Profile",
            "Instead of the forms: the whole profile",
        ]
    );
    same(
        &fields(&card, "Creating a SCEP Profile"),
        &[
            ("Profile Name", "School Wi-Fi (SCEP)"),
            ("Server", "choose URL"),
            ("URL", "https://pki.example.org/scep/mosyle/p-7"),
            ("Subject", "/CN=%SerialNumber%"),
            ("Subject Alternative Name Type", "choose RFC822 Name"),
            ("Subject Alternative Name Value", "%Email%"),
            ("Challenge", CHALLENGE),
            ("Key Size", "choose 2048"),
            ("Use for signing", "tick"),
            ("Use for encryption", "tick"),
            ("Allow access to all apps", "tick"),
            ("Create from Certificate", "choose Root CA: Example School Root CA"),
            ("Save", "press"),
        ],
    );
    same(
        &fields(&card, "Creating a Wi-Fi Profile"),
        &[
            ("Profile Name", "School Wi-Fi (network)"),
            ("SSID (network name)", "School"),
            ("Security Type", "choose WPA2 Enterprise"),
            ("Protocols tab: TLS", "tick"),
            ("Identity Certificate", "choose Use SCEP profile"),
            (
                "Trust tab: Trust Certificates, Choose file",
                "upload global-root-example-global-root-ca.cer",
            ),
            (
                "Trust tab: Trust Certificates, Choose file",
                "upload global-root-example-global-root-g3.cer",
            ),
            ("Trusted Server Certificate Names", "*.example.org"),
            ("Auto Join", "tick"),
            ("Disable MAC Address Randomization", "tick"),
            ("Save", "press"),
        ],
    );
    same(
        &fields(&card, "Assigning a Profile"),
        &[
            ("+ Add Assignment", "press"),
            ("Device Enrollment", "choose All current and future Devices"),
            ("Save", "press"),
        ],
    );
}

#[test]
fn every_card_brings_the_files_that_it_names() {
    for platform in consoles() {
        let rendered = render(&fixture::network(), platform);
        let card = rendered.card.as_ref().unwrap();
        let names: Vec<&str> = rendered.files.iter().map(|file| file.name.as_str()).collect();
        let entries = card.sections.iter().flat_map(|section| &section.fields);
        for field in entries {
            if let Entry::Upload(file) = &field.entry {
                assert!(names.contains(&file.as_str()), "{platform:?}: {file} of {names:?}");
            }
        }
        assert!(names.contains(&"card.md") && names.contains(&"card.html"), "{platform:?}");
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len(), "{platform:?}: {names:?}");
        for file in &rendered.files {
            let holds =
                file.content.windows(CHALLENGE.len()).any(|one| one == CHALLENGE.as_bytes());
            assert!(!holds || file.is_secret, "{platform:?}: {}", file.name);
        }
    }
}

#[test]
fn certificates_are_der_and_pem_where_only_that_is_taken() {
    for platform in consoles() {
        let rendered = render(&fixture::network(), platform);
        let pem = matches!(platform, Platform::Google | Platform::Addigy);
        let ending = if pem { ".pem" } else { ".cer" };
        let root = rendered.files.iter().find(|file| file.name == format!("root-ca{ending}"));
        let root = root.unwrap_or_else(|| panic!("{platform:?}"));
        assert_eq!(root.content.starts_with(b"-----BEGIN CERTIFICATE"), pem);
        assert_eq!(root.content == fixture::root().der, !pem);
    }
}

#[test]
fn a_part_shows_its_forms_only() {
    let network = fixture::network();
    for platform in consoles() {
        let selection = Selection { only: Some(Part::Trust), login_window: false };
        let rendered = render::render(&network, platform, &selection).unwrap();
        assert!(rendered.files.iter().all(|file| !file.is_secret), "{platform:?}");
        let page = rendered.files.iter().find(|file| file.name == "card.md").unwrap();
        let page = String::from_utf8(page.content.clone()).unwrap();
        assert!(!page.contains(CHALLENGE), "{platform:?}");
        let sections = &rendered.card.as_ref().unwrap().sections;
        assert!(sections.iter().any(|one| one.part == Some(Part::Trust)), "{platform:?}");
        assert!(sections.iter().all(|one| one.part != Some(Part::Scep)), "{platform:?}");
    }
}

#[test]
fn consoles_whose_variables_are_not_known_ask_for_them_and_say_so() {
    for platform in [Platform::Addigy, Platform::Meraki, Platform::Generic] {
        let rendered = render(&fixture::network(), platform);
        let card = rendered.card.unwrap();
        let entries: Vec<&Entry> =
            card.sections.iter().flat_map(|one| &one.fields).map(|one| &one.entry).collect();
        let complete = Entry::Complete("CN=[the serial number]".into());
        assert!(entries.contains(&&complete), "{platform:?}");
        assert!(card.intro.iter().any(|one| one.contains("not known here")), "{platform:?}");
        assert!(card.profile.is_none());
        let mut network = fixture::network();
        network.scep.subject[0].1 = fixture::literal("$serial");
        network.scep.names.clear();
        assert!(self::card(&network, platform).profile.is_some(), "{platform:?}");
    }
}

#[test]
fn what_is_wrong_is_told_although_variables_are_not_known() {
    let mut network = fixture::network();
    network.anchors.clear();
    let complaints = render::render(&network, Platform::Meraki, &Selection::default()).unwrap_err();
    assert_eq!(complaints[0].field, "trusted_authorities");
}

#[test]
fn a_wired_network_goes_by_the_profile() {
    let mut network = fixture::network();
    network.medium = Medium::Wired;
    for platform in consoles() {
        let card = card(&network, platform);
        assert!(card.sections.iter().any(|one| one.title == "Ethernet"), "{platform:?}");
    }
}

#[test]
fn nothing_that_a_value_says_runs_or_hides() {
    let mut network = fixture::network();
    let ssid = "<img src=x onerror=alert(1)>`|*".to_owned();
    let protection = Protection::Wpa2;
    network.medium = Medium::Wireless { ssid, protection, hidden: true };
    network.name = "\"><script>alert(1)</script> [x](javascript:alert(1))".into();
    network.organization = "]]></style>'\"&".into();
    for platform in consoles() {
        let rendered = render(&network, platform);
        let text = |name: &str| {
            let file = rendered.files.iter().find(|file| file.name == name).unwrap();
            String::from_utf8(file.content.clone()).unwrap()
        };
        let page = text("card.html");
        assert_eq!(page.matches("<script>").count(), 1, "{platform:?}");
        assert!(!page.contains("<img") && !page.contains("\u{1b}"), "{platform:?}");
        assert!(page.contains("default-src 'none'"));
        for word in ["http-equiv=\"refresh\"", "src=\"", "href=\"", "url("] {
            assert!(!page.contains(word), "{platform:?}: {word}");
        }
        let markdown = text("card.md");
        // Fields hold values between backticks, where nothing is Markdown.
        let others: Vec<&str> = markdown.lines().filter(|line| !line.starts_with("- ")).collect();
        let others = others.join("\n");
        assert!(!others.contains("<script>") && !others.contains("[x]("), "{platform:?}");
        assert!(markdown.contains("``<img src=x onerror=alert(1)>`|*``"), "{platform:?}");
        assert!(!markdown.contains('\u{1b}'));
    }
}
