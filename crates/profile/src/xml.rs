//! XML as it is written here: elements, attributes and text, escaped; nothing else.

/// An element that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Text(String),
    Children(Vec<Element>),
}

impl Element {
    /// An element with a text in it.
    pub(crate) fn leaf(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, attributes: Vec::new(), content: Content::Text(text.into()) }
    }

    /// An element with elements in it; none make it an empty one.
    pub(crate) fn parent(name: &'static str, children: Vec<Self>) -> Self {
        Self { name, attributes: Vec::new(), content: Content::Children(children) }
    }

    /// The same with an attribute more.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    fn write(&self, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        out.push_str(&indent);
        out.push('<');
        out.push_str(self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, out);
            out.push('"');
        }
        match &self.content {
            Content::Children(children) if children.is_empty() => {
                out.push_str("/>\n");
                return;
            }
            Content::Children(children) => {
                out.push_str(">\n");
                for child in children {
                    child.write(depth + 1, out);
                }
                out.push_str(&indent);
            }
            Content::Text(text) => {
                out.push('>');
                escape(text, out);
            }
        }
        out.push_str("</");
        out.push_str(self.name);
        out.push_str(">\n");
    }
}

/// A document with this element in it, as UTF-8.
pub(crate) fn document(root: &Element) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    root.write(0, &mut out);
    out
}

/// Writes a text so that it is read as it is. What XML 1.0 (2.2) has no way to write, and
/// [`crate::check`] refuses, becomes the replacement character.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Readers make a line feed of a bare carriage return, and blanks of all in attributes.
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_written_in_their_order_and_indented() {
        let root = Element::parent(
            "a",
            vec![Element::leaf("b", "one"), Element::parent("c", vec![]).with("d", "two")],
        );
        assert_eq!(
            document(&root),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>\n  <b>one</b>\n  <c d=\"two\"/>\n</a>\n"
        );
    }

    #[test]
    fn nothing_in_a_text_or_an_attribute_is_markup() {
        let hostile = "</b><x y='\"&]]>\r\n\0\u{ffff}é";
        let written = document(&Element::leaf("b", hostile).with("a", hostile));
        let escaped = "&lt;/b&gt;&lt;x y='&quot;&amp;]]&gt;&#13;&#10;\u{fffd}\u{fffd}é";
        assert_eq!(
            written,
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<b a=\"{escaped}\">{escaped}</b>\n"
            )
        );
    }
}
