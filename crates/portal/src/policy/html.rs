//! What a browser would send of a form that was not touched; for tests.

use crate::posted::Posted;

/// The fields of HTML of ours: inputs, texts and selections.
pub(crate) fn posted(html: &str) -> Posted {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut is_list = false;
    for part in html.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').unwrap();
        let name = attribute(tag, "name");
        if tag.starts_with("input") {
            let is_box = tag.contains("type=\"checkbox\"");
            if !is_box || tag.contains(" checked") {
                pairs.push((name, attribute(tag, "value")));
            }
        } else if tag.starts_with("textarea") {
            pairs.push((name, plain(rest)));
        } else if tag.starts_with("select") {
            // The first option is sent unless another is chosen.
            pairs.push((name, "\0".to_owned()));
        } else if tag.starts_with("datalist") {
            is_list = true;
        } else if tag.starts_with("/datalist") {
            is_list = false;
        } else if tag.starts_with("option") && !is_list {
            let is_chosen = tag.contains(" selected");
            if let Some((_, value)) =
                pairs.last_mut().filter(|(_, value)| is_chosen || value == "\0")
            {
                *value = attribute(tag, "value");
            }
        }
    }
    Posted::of(pairs)
}

fn attribute(tag: &str, name: &str) -> String {
    let found = tag.split_once(&format!(" {name}=\""));
    found
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(text, _)| plain(text))
        .unwrap_or_default()
}

fn plain(text: &str) -> String {
    let signs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    signs.iter().fold(text.to_owned(), |text, (sign, plain)| text.replace(sign, plain))
}
