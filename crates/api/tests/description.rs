//! The description: whole, and every part of it told.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Map;
    use serde_json::Value;

    /// Every object in a document, with its path.
    fn each_object(value: &Value, path: &str, see: &mut impl FnMut(&str, &Map<String, Value>)) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    each_object(item, &format!("{path}/{index}"), see);
                }
            }
            Value::Object(fields) => {
                see(path, fields);
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    each_object(field, &format!("{path}/{name}"), see);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn each_operation(document: &Value, mut see: impl FnMut(&str, &Value)) {
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                see(&format!("{method} {path}"), operation);
            }
        }
    }

    fn is_told(value: &Value) -> bool {
        let text = value["description"].as_str().unwrap_or_default();
        text.len() > 3 && text.ends_with('.') && !text.contains('\n') && !text.contains("[`")
    }

    #[test]
    fn every_reference_leads_somewhere_and_everything_is_referred_to() {
        let document = api::description();
        let mut references = BTreeSet::new();
        each_object(&document, "", &mut |_, fields| {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                references.insert(reference.clone());
            }
        });
        for reference in &references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for kind in ["schemas", "responses"] {
            for name in document["components"][kind].as_object().unwrap().keys() {
                let reference = format!("#/components/{kind}/{name}");
                assert!(references.contains(&reference), "nothing refers to {reference}");
            }
        }
    }

    #[test]
    fn every_operation_is_told() {
        let document = api::description();
        let mut ids = BTreeSet::new();
        each_operation(&document, |place, operation| {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{place}: {id} is another's too");
            assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 5), "{place}");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{place}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{place}");
            assert!(!responses.contains_key("500"), "{place}");
            let parameters = operation.get("parameters").and_then(Value::as_array);
            for parameter in parameters.into_iter().flatten() {
                assert!(is_told(parameter), "{place}: {parameter}");
            }
            let in_path = parameters.into_iter().flatten().filter(|one| one["in"] == "path");
            assert_eq!(in_path.count(), place.matches('{').count(), "{place}");
        });
        assert!(ids.len() > 100);
    }

    #[test]
    fn every_schema_and_every_property_is_told() {
        let document = api::description();
        let mut untold = Vec::new();
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            if !is_told(schema) {
                untold.push(format!("{name}: {}", schema["description"]));
            }
        }
        each_object(&document, "", &mut |path, fields| {
            if path.ends_with("/example") {
                return;
            }
            let properties = fields.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                if !is_told(property) {
                    untold.push(format!("{path} {name}: {property}"));
                }
            }
            let is_joined = fields.contains_key("allOf") && fields.contains_key("properties");
            assert!(!is_joined, "{path}");
        });
        assert!(untold.is_empty(), "{untold:#?}");
    }

    #[test]
    fn numbers_of_pages_have_bounds() {
        let mut pages = 0;
        each_operation(&api::description(), |place, operation| {
            let parameters = operation.get("parameters").and_then(Value::as_array);
            for parameter in parameters.into_iter().flatten() {
                if parameter["name"] == "limit" {
                    pages += 1;
                    let schema = &parameter["schema"];
                    assert_eq!((&schema["minimum"], &schema["maximum"]), (&1.into(), &1000.into()));
                    assert_eq!(parameter["in"], "query", "{place}");
                }
            }
        });
        assert!(pages > 10, "{pages}");
    }
}
