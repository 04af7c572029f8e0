//! A bar that lies beside its words: one of several that are compared.

use super::escaped;
use super::share;

/// How long the longest is, in units of the picture.
const LENGTH: u64 = 1000;

/// Draws the bar of a number among others, the largest of which is given.
pub(crate) fn draw(number: u64, largest: u64, title: &str) -> String {
    let length = share(number, largest, LENGTH);
    format!(
        "<svg class=\"chart chart-row\" role=\"img\" viewBox=\"0 0 {LENGTH} 10\" \
         preserveAspectRatio=\"none\"><title>{}</title>\
         <rect class=\"ground\" width=\"{LENGTH}\" height=\"10\"/>\
         <rect class=\"bar\" width=\"{length}\" height=\"10\"/></svg>",
        escaped(title),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_as_long_as_the_picture() {
        assert!(draw(7, 7, "x").contains("class=\"bar\" width=\"1000\""));
        assert!(draw(1, 4, "x").contains("class=\"bar\" width=\"250\""));
        assert!(draw(0, 0, "a<b").contains("<title>a&lt;b</title>"));
    }
}
