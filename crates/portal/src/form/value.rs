//! A definition's fields by their paths: `san.dns`.

use serde_json::Map;
use serde_json::Value;

/// What stands at a path.
pub(crate) fn at<'a>(definition: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(definition, |value, key| value.get(key))
}

/// Puts a value at a path, with the tables on the way there.
pub(crate) fn put(definition: &mut Value, path: &str, value: Value) {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    if !definition.is_object() {
        *definition = Value::Object(Map::new());
    }
    let Some(table) = definition.as_object_mut() else { return };
    match rest {
        None => {
            table.insert(first.to_owned(), value);
        }
        Some(rest) => put(table.entry(first).or_insert(Value::Null), rest, value),
    }
}

/// Takes away what stands at a path, and a table that nothing is left in.
pub(crate) fn remove(definition: &mut Value, path: &str) {
    let Some(table) = definition.as_object_mut() else { return };
    let Some((first, rest)) = path.split_once('.') else {
        table.remove(path);
        return;
    };
    let Some(inner) = table.get_mut(first) else { return };
    remove(inner, rest);
    if inner.as_object().is_some_and(Map::is_empty) {
        table.remove(first);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_into_tables_and_back() {
        let mut definition = json!({"name": "x"});
        put(&mut definition, "a.b", json!(1));
        put(&mut definition, "a.c", json!(2));
        assert_eq!(definition, json!({"name": "x", "a": {"b": 1, "c": 2}}));
        assert_eq!(at(&definition, "a.c"), Some(&json!(2)));
        assert_eq!(at(&definition, "name.c"), None);
        remove(&mut definition, "a.b");
        remove(&mut definition, "a.c");
        remove(&mut definition, "z.z");
        assert_eq!(definition, json!({"name": "x"}));
    }
}
