//! What each console is given, as somebody has read it. `SAFECONDUCT_GOLDEN=write` writes it anew.
#![expect(clippy::disallowed_methods, reason = "golden files lie on the disk")]

use std::fs;
use std::path::Path;

use profile::file::File;
use profile::network::Medium;
use profile::platform::Platform;
use profile::render;
use profile::render::Part;
use profile::render::Selection;

use crate::fixture;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

#[track_caller]
fn compare(folder: &str, name: &str, file: &File) {
    let folder = Path::new(FOLDER).join(folder);
    let path = folder.join(name);
    let made = String::from_utf8(file.content.clone()).unwrap();
    if std::env::var("SAFECONDUCT_GOLDEN").is_ok_and(|value| value == "write") {
        fs::create_dir_all(&folder).unwrap();
        fs::write(&path, made).unwrap();
        return;
    }
    let kept = fs::read(&path).unwrap_or_default();
    let kept = String::from_utf8(kept).unwrap();
    if let Some(line) = first_difference(&kept, &made) {
        let of = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
        panic!(
            "{} differs in line {}\n  kept: {}\n  made: {}\nSAFECONDUCT_GOLDEN=write takes it over",
            path.display(),
            line + 1,
            of(&kept),
            of(&made)
        );
    }
}

fn first_difference(kept: &str, made: &str) -> Option<usize> {
    if kept == made {
        return None;
    }
    let same = kept.lines().zip(made.lines()).take_while(|(kept, made)| kept == made);
    Some(same.count())
}

/// The text files of a console; the page is compared once, since all have the same frame.
#[track_caller]
fn console(platform: Platform) {
    let network = fixture::network();
    let rendered = render::render(&network, platform, &Selection::default()).unwrap();
    for file in &rendered.files {
        let is_page = file.media_type == "text/html";
        let is_certificate = file.name.ends_with(".cer") || file.name.ends_with(".pem");
        if is_certificate || (is_page && platform != Platform::Mosyle) {
            continue;
        }
        compare(platform.as_str(), &file.name, file);
    }
}

#[test]
fn mosyle_gets_what_was_read() {
    console(Platform::Mosyle);
}

#[test]
fn jamf_gets_what_was_read() {
    console(Platform::Jamf);
}

#[test]
fn intune_gets_what_was_read() {
    console(Platform::Intune);
}

#[test]
fn kandji_gets_what_was_read() {
    console(Platform::Kandji);
}

#[test]
fn addigy_gets_what_was_read() {
    console(Platform::Addigy);
}

#[test]
fn workspace_one_gets_what_was_read() {
    console(Platform::WorkspaceOne);
}

#[test]
fn meraki_gets_what_was_read() {
    console(Platform::Meraki);
}

#[test]
fn google_gets_what_was_read() {
    console(Platform::Google);
}

#[test]
fn another_console_gets_what_was_read() {
    console(Platform::Generic);
}

#[test]
fn a_device_without_mdm_gets_what_was_read() {
    let mut network = fixture::network();
    network.scep.subject = vec![
        ("O".to_owned(), fixture::literal("Example School")),
        ("CN".to_owned(), fixture::literal("iPad of the library")),
    ];
    network.scep.names = Vec::new();
    let rendered = render::render(&network, Platform::Apple, &Selection::default()).unwrap();
    compare("apple", "school-wi-fi.mobileconfig", &rendered.files[0]);
    network.medium = Medium::Wired;
    let selection = Selection { only: Some(Part::Wifi), login_window: true };
    let rendered = render::render(&network, Platform::Apple, &selection).unwrap();
    compare("apple", "wired-only-wifi.mobileconfig", &rendered.files[0]);
}
