//! The portal in a real browser: each story is a file of `tests/browser`.

use tests::browser;
use tests::lab::Lab;

#[test]
fn an_empty_portal_leads_to_the_first_device_that_is_let_in() {
    let mut lab = Lab::empty();
    lab.serve();
    browser::tell(&lab, "wizard");
    lab.stop();
}

#[test]
fn the_guide_can_be_walked_line_by_line() {
    let mut lab = Lab::of_guide();
    browser::tell(&lab, "guide");
    lab.stop();
}

#[test]
fn a_refused_device_is_explained_in_one_click() {
    let mut lab = Lab::of_guide();
    browser::tell(&lab, "refused");
    lab.stop();
}

#[test]
fn each_role_sees_and_does_what_it_may() {
    let mut lab = Lab::of_guide();
    browser::tell(&lab, "roles");
    lab.stop();
}

#[test]
fn two_browsers_that_edit_one_policy_lose_nothing() {
    let mut lab = Lab::of_guide();
    browser::tell(&lab, "together");
    lab.stop();
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let mut lab = Lab::of_guide();
    browser::tell(&lab, "hostile");
    lab.stop();
}

#[test]
fn every_page_can_be_read_without_javascript() {
    let mut lab = Lab::of_guide();
    browser::tell(&lab, "plain");
    lab.stop();
}

#[test]
fn axe_finds_nothing_serious_on_any_page() {
    let mut lab = Lab::of_guide();
    browser::tell(&lab, "accessible");
    lab.stop();
}

#[test]
fn signing_in_is_slowed_and_never_locked() {
    let mut lab = Lab::of_guide();
    browser::tell(&lab, "sign_in");
    lab.stop();
}
