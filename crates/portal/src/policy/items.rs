//! Lists within a form whose items are added, moved and removed by buttons: rules, attributes,
//! tests. Each item has a name such as `rules[0].rules[2]`, and fields below it.

use serde_json::Value;

use crate::posted::Posted;

/// Most items of a list that a form holds; more are possible nowhere, but so many that one too many
/// is complained of and not lost.
const ITEMS_MAX: usize = 256;

/// The button that changes the form without saving it.
pub(super) const ADJUST: &str = "adjust";

/// Whether a button was pressed, of this list or item.
pub(super) fn is_pressed(posted: &Posted, what: &str, name: &str) -> bool {
    posted.one(ADJUST).and_then(|pressed| pressed.split_once(':')) == Some((what, name))
}

/// The name of an item of a list.
pub(super) fn name_at(list: &str, index: usize) -> String {
    format!("{list}[{index}]")
}

/// What an id may be made of.
pub(super) fn id(name: &str) -> String {
    name.replace(['[', '.'], "-").replace(']', "")
}

/// Reads the items of a list, each by `one`, and does to the list what was pressed.
pub(super) fn read(list: &str, posted: &Posted, one: &dyn Fn(&str) -> Value) -> Vec<Value> {
    let mut names = Vec::new();
    for index in 0..ITEMS_MAX {
        let name = name_at(list, index);
        if posted.has(&format!("{name}.kind")) {
            if !is_pressed(posted, "remove", &name) {
                names.push(name);
            }
        } else if index > 0 {
            // A list may begin at one: what stands first is asked for in another way.
            break;
        }
    }
    for place in 1..names.len() {
        let (before, here) = (names.get(place - 1), names.get(place));
        let up = here.is_some_and(|name| is_pressed(posted, "up", name));
        let down = before.is_some_and(|name| is_pressed(posted, "down", name));
        if up || down {
            names.swap(place - 1, place);
            break;
        }
    }
    names.iter().map(|name| one(name)).collect()
}

/// Reads an item that is written as JSON; what is none is kept as it was written.
pub(super) fn read_json(name: &str, posted: &Posted) -> Value {
    let text = posted.one(&format!("{name}.json")).unwrap_or_default().trim();
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// The same, to be written.
pub(super) fn shown_json(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// Whether a text comes back from one line of a form as it was: nothing around it, no line within.
pub(super) fn is_line(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_with(pressed: &str) -> Vec<Value> {
        let posted = ["a", "b", "c"].iter().enumerate().flat_map(|(index, text)| {
            [(format!("l[{index}].kind"), String::new()), (format!("l[{index}].x"), (*text).into())]
        });
        let pressed = (ADJUST.to_owned(), pressed.to_owned());
        let posted = Posted::of(posted.chain([pressed]).collect());
        read("l", &posted, &|name| {
            Value::from(posted.one(&format!("{name}.x")).unwrap_or_default())
        })
    }

    #[test]
    fn a_button_moves_and_removes_items() {
        assert_eq!(read_with(""), [json!("a"), json!("b"), json!("c")]);
        assert_eq!(read_with("up:l[1]"), [json!("b"), json!("a"), json!("c")]);
        assert_eq!(read_with("down:l[1]"), [json!("a"), json!("c"), json!("b")]);
        assert_eq!(read_with("down:l[2]"), [json!("a"), json!("b"), json!("c")]);
        assert_eq!(read_with("remove:l[0]"), [json!("b"), json!("c")]);
        assert_eq!(read_with("remove:other[0]").len(), 3);
    }

    #[test]
    fn a_list_of_the_wire_ends_somewhere() {
        let many = (0..5000).map(|index| (format!("l[{index}].kind"), String::new()));
        let posted = Posted::of(many.collect());
        assert_eq!(read("l", &posted, &|_| Value::Null).len(), ITEMS_MAX);
    }

    #[test]
    fn what_is_no_json_is_kept() {
        let posted = Posted::of(vec![("r.json".into(), " {broken ".into())]);
        assert_eq!(read_json("r", &posted), json!("{broken"));
        assert_eq!(shown_json(&json!("{broken")), "{broken");
    }
}
