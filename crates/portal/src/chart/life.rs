//! How much of a life is over.

use super::escaped;

/// Percent of a life from which on its end is near.
const NEAR_PERCENT: u8 = 90;

/// Percent of a life from which on it is time to think of its end.
const LATE_PERCENT: u8 = 70;

/// Draws a life of which so much is over, in percent.
pub(crate) fn draw(over_percent: u8, title: &str) -> String {
    let over = over_percent.min(100);
    let class = match over {
        NEAR_PERCENT.. => "near",
        LATE_PERCENT.. => "late",
        _ => "young",
    };
    format!(
        "<svg class=\"chart chart-life\" role=\"img\" viewBox=\"0 0 100 10\" \
         preserveAspectRatio=\"none\"><title>{}</title>\
         <rect class=\"ground\" width=\"100\" height=\"10\"/>\
         <rect class=\"{class}\" width=\"{over}\" height=\"10\"/></svg>",
        escaped(title),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_colored_by_how_much_of_it_is_over() {
        for (percent, class) in [(0, "young"), (69, "young"), (70, "late"), (90, "near")] {
            let expected = format!("class=\"{class}\" width=\"{percent}\"");
            assert!(draw(percent, "x").contains(&expected), "{percent}");
        }
        assert!(draw(255, "x").contains("width=\"100\" height=\"10\"/></svg>"));
    }
}
