//! XML as a tree, read by a parser that knows only what is written here and panics at the rest.

/// An element.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Self>,
    pub(crate) text: String,
}

impl Node {
    /// Reads a document and asks xmllint whether it is one.
    pub(crate) fn parse(document: &str) -> Self {
        crate::program::is_well_formed(document);
        let rest = document.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
        let (node, rest) = element(rest);
        assert_eq!(rest.trim(), "");
        node
    }

    /// The element at the end of a path of names, each of which is there once.
    pub(crate) fn at(&self, path: &str) -> &Self {
        path.split('/').fold(self, |node, name| {
            let found = node.all(name);
            assert_eq!(found.len(), 1, "{name} of {path} in {}", node.name);
            found[0]
        })
    }

    /// The children of a name.
    pub(crate) fn all(&self, name: &str) -> Vec<&Self> {
        self.children.iter().filter(|child| child.name == name).collect()
    }

    /// The names of the children, in their order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.children.iter().map(|child| child.name.as_str()).collect()
    }

    /// The texts of the children of a name.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        self.all(name).iter().map(|child| child.text.as_str()).collect()
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn element(text: &str) -> (Node, &str) {
    let text = text.trim_start().strip_prefix('<').unwrap();
    let (tag, mut rest) = text.split_once('>').unwrap();
    let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut node = Node { name: name.to_owned(), ..Node::default() };
    while !attributes.trim().is_empty() {
        let (name, after) = attributes.trim_start().split_once("=\"").unwrap();
        let (value, after) = after.split_once('"').unwrap();
        node.attributes.push((name.to_owned(), unescape(value)));
        attributes = after;
    }
    if is_empty {
        return (node, rest);
    }
    let end = format!("</{name}>");
    loop {
        let (before, _) = rest.split_once('<').unwrap();
        if let Some(after) = rest[before.len()..].strip_prefix(&end) {
            if node.children.is_empty() {
                node.text = unescape(before);
            }
            return (node, after);
        }
        assert_eq!(before.trim(), "", "a text beside elements");
        let (child, after) = element(rest);
        node.children.push(child);
        rest = after;
    }
}

fn unescape(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, after) = after.split_once(';').unwrap();
        plain.push_str(before);
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => char::from_u32(entity.strip_prefix('#').unwrap().parse().unwrap()).unwrap(),
        });
        rest = after;
    }
    plain + rest
}
