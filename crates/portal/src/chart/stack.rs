//! Bars beside each other over time, each of two parts: yes at the bottom, no on top.

use super::escaped;
use super::round_up;
use super::share;

/// How high the picture is, in its own units.
const HEIGHT: u64 = 100;

/// How wide a bar is with the gap behind it.
const STEP: usize = 10;

/// How wide a bar is.
const WIDTH: usize = 8;

/// One bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// When, in words.
    pub(crate) title: String,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
}

/// What is said of a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
    /// Names it on its page.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    /// What it shows, for those who do not see it.
    pub(crate) about: &'a str,
    /// The words of yes.
    pub(crate) accepted: &'a str,
    /// The words of no.
    pub(crate) refused: &'a str,
}

/// A picture, and where its axis ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) svg: String,
    pub(crate) top: u64,
}

/// Draws the bars.
pub(crate) fn draw(bars: &[Bar], words: Words<'_>) -> Drawn {
    let highest = bars.iter().map(|bar| bar.accepted.saturating_add(bar.refused)).max();
    let top = round_up(highest.unwrap_or(0));
    let Words { id, title, about, .. } = words;
    let width = bars.len().max(1) * STEP;
    let mut svg = format!(
        "<svg class=\"chart chart-stack\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" \
         viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
        escaped(title),
        escaped(about),
    );
    for (place, bar) in bars.iter().enumerate() {
        svg.push_str(&drawn(bar, place * STEP, top, words));
    }
    svg.push_str("</svg>");
    Drawn { svg, top }
}

fn drawn(bar: &Bar, x: usize, top: u64, words: Words<'_>) -> String {
    let Bar { title, accepted, refused } = bar;
    let (yes, no) = (share(*accepted, top, HEIGHT), share(*refused, top, HEIGHT));
    // Two small parts that each show may be a unit too high together.
    let no = no.min(HEIGHT.saturating_sub(yes));
    let part = |class: &str, y: u64, height: u64| {
        if height == 0 {
            return String::new();
        }
        format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{height}\"/>"
        )
    };
    let bottom = HEIGHT.saturating_sub(yes);
    format!(
        "<g><title>{}: {accepted} {}, {refused} {}</title>\
         <rect class=\"ground\" x=\"{x}\" y=\"0\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>{}{}</g>",
        escaped(title),
        escaped(words.accepted),
        escaped(words.refused),
        part("accepted", bottom, yes),
        part("refused", bottom.saturating_sub(no), no),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'static> = Words {
        id: "c",
        title: "Logins <b>",
        about: "a & b",
        accepted: "accepted",
        refused: "refused",
    };

    fn bar(accepted: u64, refused: u64) -> Bar {
        Bar { title: "10:00".into(), accepted, refused }
    }

    #[test]
    fn a_bar_is_as_high_as_its_numbers_with_no_on_top_of_yes() {
        let Drawn { svg, top } = draw(&[bar(6, 4), bar(0, 0)], WORDS);
        assert_eq!(top, 10);
        assert!(svg.contains("class=\"accepted\" x=\"0\" y=\"40\" width=\"8\" height=\"60\""));
        assert!(svg.contains("class=\"refused\" x=\"0\" y=\"0\" width=\"8\" height=\"40\""));
        assert_eq!(svg.matches("class=\"accepted\"").count(), 1);
        assert!(svg.contains("<title>10:00: 6 accepted, 4 refused</title>"));
        assert!(svg.contains("viewBox=\"0 0 20 100\""));
    }

    #[test]
    fn a_picture_says_what_it_shows_and_has_no_style_of_its_own() {
        let svg = draw(&[bar(1, 0)], WORDS).svg;
        assert!(svg.contains("role=\"img\" aria-labelledby=\"c-title c-desc\""));
        assert!(svg.contains("<title id=\"c-title\">Logins &lt;b&gt;</title>"));
        assert!(svg.contains("<desc id=\"c-desc\">a &amp; b</desc>"));
        assert!(!svg.contains("style") && !svg.contains("fill="));
    }

    #[test]
    fn nothing_and_far_too_much_are_pictures_too() {
        assert_eq!(draw(&[], WORDS).top, 1);
        let Drawn { svg, top } = draw(&[bar(u64::MAX, u64::MAX), bar(1, 1)], WORDS);
        assert_eq!(top, u64::MAX);
        assert!(svg.contains("y=\"99\" width=\"8\" height=\"1\""));
    }
}
