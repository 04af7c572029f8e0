//! What was measured as a chart: plain bars, each with its number, that a screen reader can tell.

use std::fmt::Write;

use super::machine::Machine;
use super::measurement::{Enrollment, Kind, Measured, Rounds};
use super::report;

const WIDTH: f64 = 860.0;

/// Where bars begin and how long the longest is.
const BARS_LEFT: f64 = 310.0;
const BAR_LENGTH_MAX: f64 = 440.0;

const BAR_HEIGHT: f64 = 16.0;

/// One bar.
#[derive(Debug)]
struct Bar {
    kind: Kind,
    number: f64,
    /// What stands behind the bar.
    label: String,
}

/// Bars that belong together.
#[derive(Debug)]
struct Group {
    name: String,
    bars: Vec<Bar>,
}

/// Draws everything.
pub(super) fn draw(machine: &Machine, measured: &Measured) -> String {
    let mut drawing = Drawing::default();
    drawing.panel(
        "Processor time of the server for a login, in milliseconds (less is better)",
        &logins(measured),
    );
    drawing.panel(
        "SCEP certificates a second on one processor (more is better)",
        &certificates(measured),
    );
    drawing.finish(&format!("Measured on {} at {}.", machine.processor, machine.date))
}

fn logins(measured: &Measured) -> Vec<Group> {
    let bar = |kind: Kind, rounds: &Rounds| {
        let wrong = if rounds.is_right() { "" } else { ", with wrong answers" };
        Bar {
            kind,
            number: rounds.cpu_ms(),
            label: format!("{kind} {:.2}{wrong}", rounds.cpu_ms()),
        }
    };
    let groups = report::cases().map(|case| Group {
        name: case.to_string(),
        bars: Kind::RADIUS
            .into_iter()
            .filter_map(|kind| Some(bar(kind, measured.logins.get(&(case, kind))?)))
            .collect(),
    });
    groups.collect()
}

fn certificates(measured: &Measured) -> Vec<Group> {
    let bar = |kind: Kind, rounds: &Rounds| {
        let wrong = if rounds.is_right() { "" } else { ", with wrong answers" };
        let number = rounds.per_second();
        Bar { kind, number, label: format!("{kind} {number:.0}{wrong}") }
    };
    let groups = Enrollment::CLIENTS.into_iter().map(|clients| Group {
        name: if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") },
        bars: Kind::SCEP
            .into_iter()
            .filter_map(|kind| {
                Some(bar(kind, measured.certificates.get(&(Enrollment { clients }, kind))?))
            })
            .collect(),
    });
    groups.collect()
}

fn color(kind: Kind) -> &'static str {
    match kind {
        Kind::Safeconduct => "#0b5fa5",
        Kind::FreeRadius | Kind::ScepServer => "#b35900",
        Kind::Hostapd => "#6b6b6b",
    }
}

#[derive(Default)]
struct Drawing {
    elements: String,
    told: String,
    bottom: f64,
}

impl Drawing {
    fn panel(&mut self, title: &str, groups: &[Group]) {
        let numbers = groups.iter().flat_map(|group| &group.bars).map(|bar| bar.number);
        let longest = numbers.fold(0.0, f64::max);
        let scale = if longest > 0.0 { BAR_LENGTH_MAX / longest } else { 0.0 };
        self.bottom += 30.0;
        self.text(16.0, self.bottom, "font-weight=\"bold\"", title);
        self.told.push_str(&format!(" {title}:"));
        self.bottom += 12.0;
        for group in groups.iter().filter(|group| !group.bars.is_empty()) {
            self.group(group, scale);
        }
        self.bottom += 10.0;
    }

    fn group(&mut self, group: &Group, scale: f64) {
        let labels: Vec<&str> = group.bars.iter().map(|bar| bar.label.as_str()).collect();
        self.told.push_str(&format!(" {}: {}.", group.name, labels.join("; ")));
        self.text(16.0, self.bottom + BAR_HEIGHT - 4.0, "", &group.name);
        for bar in &group.bars {
            let (top, length, color) = (self.bottom, bar.number * scale, color(bar.kind));
            self.element(&format!(
                "<rect x=\"{BARS_LEFT}\" y=\"{top:.0}\" width=\"{length:.1}\" height=\"{:.0}\" fill=\"{color}\"/>",
                BAR_HEIGHT - 2.0
            ));
            // Inside a long bar there is room, behind a short one too.
            self.text(BARS_LEFT - 100.0, top + BAR_HEIGHT - 4.0, "", &bar.kind.to_string());
            let number = bar.label.trim_start_matches(&bar.kind.to_string()).trim();
            self.text(BARS_LEFT + length + 6.0, top + BAR_HEIGHT - 4.0, "", number);
            self.bottom += BAR_HEIGHT;
        }
        self.bottom += 8.0;
    }

    fn text(&mut self, left: f64, baseline: f64, style: &str, text: &str) {
        let text = escaped(text);
        self.element(&format!("<text x=\"{left:.1}\" y=\"{baseline:.0}\" {style}>{text}</text>"));
    }

    fn element(&mut self, element: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.elements, "{element}");
    }

    fn finish(mut self, caption: &str) -> String {
        self.bottom += 16.0;
        self.text(16.0, self.bottom, "font-size=\"12\"", caption);
        let height = self.bottom + 16.0;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
             role=\"img\" aria-labelledby=\"title desc\" font-family=\"sans-serif\" \
             font-size=\"13\" fill=\"#1a1a1a\">\n<title id=\"title\">Safeconduct beside other \
             servers</title>\n<desc id=\"desc\">{caption}{}</desc>\n<rect width=\"100%\" \
             height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escaped(&self.told),
            self.elements,
            caption = escaped(caption),
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_is_drawn_with_its_number_and_told() {
        let bar = |kind, number: f64| Bar { kind, number, label: format!("{kind} {number}") };
        let bars = vec![bar(Kind::Safeconduct, 0.5), bar(Kind::FreeRadius, 2.0)];
        let mut drawing = Drawing::default();
        drawing.panel("Time <ms>", &[Group { name: "full".to_owned(), bars }]);
        let chart = drawing.finish("Here & now");
        assert!(chart.contains("width=\"440.0\"") && chart.contains("width=\"110.0\""), "{chart}");
        assert!(chart.contains(">0.5</text>") && chart.contains(">2</text>"), "{chart}");
        assert!(chart.contains("full: Safeconduct 0.5; FreeRADIUS 2."), "{chart}");
        assert!(chart.contains("Time &lt;ms&gt;") && chart.contains("Here &amp; now"), "{chart}");
    }

    #[test]
    fn nothing_measured_is_an_empty_chart() {
        let mut drawing = Drawing::default();
        drawing.panel("Time", &[]);
        assert!(drawing.finish("").ends_with("</svg>\n"));
    }
}
