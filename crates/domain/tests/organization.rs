//! Documents over organizations: what a plan says, what stays, and what is refused.

#[cfg(test)]
mod tests {
    use domain::complaint::Complaint;
    use domain::object::Kind;
    use domain::organization::Organization;
    use domain::organization::document::Document;
    use domain::plan::Change;
    use domain::plan::Going;
    use domain::plan::Merged;
    use domain::plan::SharedSecrets;
    use domain::plan::merge;
    use domain::secret::Secret;
    use serde_json::Value;
    use serde_json::json;

    fn over(
        current: &Organization,
        document: Value,
        prune: bool,
    ) -> Result<Merged, Vec<Complaint>> {
        let secrets = SharedSecrets::from([("AP".to_owned(), Secret::new("a-long-shared-secret"))]);
        merge(
            current,
            &secrets,
            Document::parse(document)?,
            if prune { Going::Unnamed } else { Going::Nothing },
        )
    }

    #[track_caller]
    fn applied(current: &Organization, document: Value) -> Organization {
        over(current, document, false).unwrap().organization
    }

    fn made(document: Value) -> Organization {
        applied(&Organization::default(), document)
    }

    fn policies(names: &[&str]) -> Value {
        let policies: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
        json!({ "network_policy": policies })
    }

    fn names(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.name.as_str()).collect()
    }

    fn order(organization: &Organization) -> Vec<&str> {
        organization.network_policy.iter().map(|policy| policy.name.as_str()).collect()
    }

    #[track_caller]
    fn refused(current: &Organization, document: Value, path: &str) {
        let complaints = over(current, document, false).unwrap_err();
        let paths: Vec<&str> = complaints.iter().map(|c| c.path.as_str()).collect();
        assert!(paths.contains(&path), "{path} is not among {paths:?}");
    }

    #[test]
    fn policies_take_the_order_of_the_file_and_what_it_does_not_name_stands_behind() {
        let current = made(policies(&["a", "b", "c"]));
        let merged = over(&current, policies(&["c", "new"]), false).unwrap();
        assert_eq!(order(&merged.organization), ["c", "new", "a", "b"]);
        assert_eq!(names(&merged.plan.create), ["new"]);
        assert_eq!(names(&merged.plan.change), ["c", "a", "b"]);
        let field = &merged.plan.change[0].fields[0];
        assert_eq!(field.field, "position");
        assert_eq!((&field.before, &field.after), (&json!(3), &json!(1)));
    }

    #[test]
    fn where_order_says_nothing_everything_keeps_its_place() {
        let template = |name: &str| json!({ "name": name, "subject": "CN=x", "validity_days": 1 });
        let templates = |names: &[&str]| json!({ "certificate_template": names.iter().map(|n| template(n)).collect::<Vec<_>>() });
        let current = made(templates(&["a", "b", "c"]));
        let merged = over(&current, templates(&["new", "c", "a"]), false).unwrap();
        assert!(merged.plan.change.is_empty());
        assert_eq!(merged.plan.unchanged, 4);
        let names: Vec<&str> =
            merged.organization.certificate_template.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "new"]);
    }

    #[test]
    fn only_pruning_removes() {
        let current = made(policies(&["a", "b"]));
        let kept = over(&current, policies(&["b"]), false).unwrap();
        assert!(kept.plan.remove.is_empty());
        let pruned = over(&current, policies(&["b"]), true).unwrap();
        assert_eq!(names(&pruned.plan.remove), ["a"]);
        assert_eq!(order(&pruned.organization), ["b"]);
        assert_eq!(pruned.organization.settings, current.settings);
    }

    #[test]
    fn what_another_object_needs_is_not_pruned() {
        let current = made(json!({
            "policy_workflow": [{ "name": "staff" }],
            "network_policy": [{
                "name": "a",
                "rules": [{ "field": "identity.role", "operator": "is", "value": "staff" }],
            }],
        }));
        let document = json!({ "network_policy": [current.network_policy[0]] });
        let complaints = over(&current, document, true).unwrap_err();
        assert_eq!(complaints[0].path, "network_policy[0].rules[0].value");
    }

    #[test]
    fn a_slug_is_made_once_and_kept() {
        let current = made(policies(&["Teachers' Network"]));
        assert_eq!(current.network_policy[0].slug.as_deref(), Some("teachers-network"));
        let given = json!({ "network_policy": [{ "name": "Teachers' Network", "slug": "t" }] });
        let current = applied(&current, given);
        let merged = over(&current, policies(&["Teachers' Network"]), false).unwrap();
        assert!(merged.plan.is_empty());
        assert_eq!(merged.organization.network_policy[0].slug.as_deref(), Some("t"));
        refused(&current, policies(&["T"]), "network_policy[0].slug");
        refused(&current, policies(&["§"]), "network_policy[0].name");
        let bad = json!({ "network_policy": [{ "name": "x", "slug": "Not One" }] });
        refused(&current, bad, "network_policy[0].slug");
    }

    #[test]
    fn of_a_secret_only_the_change_is_told() {
        let point = |secret: Option<&str>| {
            let mut point = json!({ "name": "AP", "address": "192.0.2.1" });
            if let Some(secret) = secret {
                point["shared_secret"] = json!(secret);
            }
            json!({ "access_point": [point] })
        };
        let current = made(point(None));
        let changed = |secret| over(&current, point(secret), false).unwrap().plan.change;
        // What is kept comes from the store: it has no secret in it.
        assert!(changed(None).is_empty());
        assert!(changed(Some("a-long-shared-secret")).is_empty());
        let change = changed(Some("canary-canary-canary"));
        assert_eq!(change[0].fields[0].field, "shared_secret");
        assert_eq!(
            (&change[0].fields[0].before, &change[0].fields[0].after),
            (&json!(null), &json!("changed"))
        );
        assert!(!serde_json::to_string(&change).unwrap().contains("canary"));
        let other = json!({ "access_point": [{ "name": "B", "address": "192.0.2.2" }] });
        refused(&current, other, "access_point[0].shared_secret");
    }

    fn root(name: &str) -> Value {
        json!({ "name": name, "type": "root" })
    }

    fn below(name: &str, issuer: &str) -> Value {
        json!({ "name": name, "type": "intermediate", "issuer": issuer })
    }

    fn authorities(list: &[Value]) -> Value {
        json!({ "certificate_authority": list })
    }

    #[test]
    fn an_authority_never_changes_but_in_its_description_its_slug_and_whether_it_issues() {
        let current = made(authorities(&[root("A")]));
        let mut described = root("A");
        described["description"] = json!("for devices");
        described["slug"] = json!("other");
        described["disabled"] = json!(true);
        applied(&current, authorities(&[described]));
        let changes = [
            ("key", json!("ecdsa-p256")),
            ("common_name", json!("B")),
            ("extended_key_usage", json!([])),
            ("permitted_names", json!(["example.org"])),
        ];
        for (field, value) in changes {
            let mut changed = root("A");
            changed[field] = value;
            let path = format!("certificate_authority[0].{field}");
            refused(&current, authorities(&[changed]), &path);
        }
        let complaints = over(&current, json!({}), true).unwrap_err();
        assert_eq!(complaints[0].path, "certificate_authority \"A\"");
    }

    #[test]
    fn a_chain_ends_in_a_root_and_soon() {
        let none = Organization::default();
        let path = |index: usize| format!("certificate_authority[{index}].issuer");
        made(authorities(&[below("C", "B"), below("B", "A"), root("A")]));
        refused(&none, authorities(&[below("A", "A")]), &path(0));
        let circle = authorities(&[below("A", "B"), below("B", "A")]);
        refused(&none, circle.clone(), &path(0));
        refused(&none, circle, &path(1));
        refused(&none, authorities(&[below("A", "nowhere")]), &path(0));
        let long = [root("A"), below("B", "A"), below("C", "B"), below("D", "C"), below("E", "D")];
        refused(&none, authorities(&long), &path(4));
        let mut orphan = below("A", "B");
        orphan.as_object_mut().unwrap().remove("issuer");
        refused(&none, authorities(&[orphan]), &path(0));
    }

    #[test]
    fn each_authority_serves_its_purpose() {
        let mut radius = root("R");
        radius["generate_ca_for"] = json!("radius-server");
        let both = [root("A"), radius.clone()];
        let with = |key: &str, object: Value| {
            let mut document = authorities(&both);
            document[key] = json!([object]);
            document
        };
        let none = Organization::default();
        let server = |authority: &str| json!({ "name": "S", "certificate_authority": authority, "names": ["r.example.test"] });
        made(with("server_certificate", server("R")));
        let path = "server_certificate[0].certificate_authority";
        refused(&none, with("server_certificate", server("A")), path);
        let gateway = |authority: &str| json!({ "name": "G", "certificate_authority": authority });
        made(with("gateway", gateway("A")));
        refused(&none, with("gateway", gateway("R")), "gateway[0].certificate_authority");
        let only = json!({ "certificate_authority": [radius], "gateway": [{ "name": "G" }] });
        refused(&none, only, "gateway[0].certificate_authority");
    }

    #[test]
    fn an_enrollment_policy_stays_under_the_root_of_its_gateways() {
        let document = |authority: &str| {
            json!({
                "certificate_authority": [root("A"), root("B"), below("A1", "A")],
                "certificate_template": [{ "name": "T", "subject": "CN=x", "validity_days": 1 }],
                "gateway": [{ "name": "G", "certificate_authority": "A" }],
                "policy_workflow": [{ "name": "all", "rules": [{ "field": "always" }] }],
                "enrollment_policy": [{
                    "name": "E",
                    "rules": [{ "field": "always" }],
                    "settings": { "certificate_authority": authority, "certificate_template": "T" },
                }],
            })
        };
        made(document("A"));
        made(document("A1"));
        let path = "enrollment_policy[0].settings.certificate_authority";
        refused(&Organization::default(), document("B"), path);
    }

    #[test]
    fn an_enrollment_policy_may_have_another_root_where_its_rules_keep_a_gateway_out() {
        let rule =
            |field: &str, value: &str| json!({ "field": field, "operator": "is", "value": value });
        let document = |matching: &str, rules: Value| {
            json!({
                "certificate_authority": [root("A"), root("B")],
                "certificate_template": [{ "name": "T", "subject": "CN=x", "validity_days": 1 }],
                "gateway": [
                    { "name": "G", "certificate_authority": "A" },
                    { "name": "H", "certificate_authority": "B" },
                ],
                "policy_workflow": [
                    { "name": "of H", "rules": [rule("identity.provider", "H")] },
                    { "name": "all", "rules": [{ "field": "always" }] },
                ],
                "enrollment_policy": [{
                    "name": "E",
                    "match": matching,
                    "rules": rules,
                    "settings": { "certificate_authority": "B", "certificate_template": "T" },
                }],
            })
        };
        made(document("all", json!([rule("identity.role", "of H")])));
        made(document(
            "any",
            json!([rule("identity.provider", "H"), rule("identity.role", "of H")]),
        ));
        let none = Organization::default();
        let path = "enrollment_policy[0].settings.certificate_authority";
        let role = rule("identity.role", "of H");
        refused(&none, document("any", json!([role, { "field": "always" }])), path);
        let both = json!([rule("identity.role", "of H"), rule("identity.role", "all")]);
        refused(&none, document("any", both.clone()), path);
        made(document("all", both));
    }

    #[test]
    fn what_a_policy_sends_fits_into_a_packet() {
        let filters = |count: usize| {
            let filter = json!({ "attribute": "Filter-Id", "value": "x".repeat(200) });
            json!({ "network_policy": [{
                "name": "a",
                "settings": { "access": "accept", "attributes": vec![filter; count] },
            }] })
        };
        made(filters(10));
        refused(&Organization::default(), filters(11), "network_policy[0].settings.attributes");
        refused(&Organization::default(), filters(33), "network_policy[0].settings.attributes");
    }

    #[test]
    fn one_gateway_is_the_default() {
        let gateway = |name: &str| json!({ "name": name, "default": true });
        let mut document = authorities(&[root("A")]);
        document["gateway"] = json!([gateway("G"), gateway("H")]);
        refused(&Organization::default(), document.clone(), "gateway[1].default");
        document["gateway"] = json!([gateway("G")]);
        let current = made(document.clone());
        document["gateway"] = json!([gateway("H")]);
        refused(&current, document, "gateway[0].default");
        let mut document = json!({ "gateway": [{ "name": "G" }, gateway("H")] });
        let current = applied(&current, document.clone());
        document["gateway"] = json!([gateway("G")]);
        refused(&current, document, "gateway[0].default");
    }

    #[test]
    fn what_is_named_twice_or_does_not_exist_is_refused() {
        let none = Organization::default();
        refused(&none, policies(&["a", "a"]), "network_policy[1].name");
        refused(&none, json!([]), "");
        refused(&none, json!({ "colour": 1 }), "colour");
        refused(&none, json!({ "gateway": {} }), "gateway");
        let rule = json!({ "field": "identity.role", "operator": "is", "value": "nobody" });
        let document = json!({ "network_policy": [{ "name": "a", "rules": [rule] }] });
        refused(&none, document, "network_policy[0].rules[0].value");
        let profile = json!({ "enrollment_policy": [{
            "name": "a",
            "settings": { "certificate_authority": "x", "certificate_template": "y" },
        }] });
        refused(&none, profile.clone(), "enrollment_policy[0].settings.certificate_authority");
        refused(&none, profile, "enrollment_policy[0].settings.certificate_template");
    }

    #[test]
    fn a_network_profile_trusts_an_authority_or_a_public_root() {
        let whole = |trusted: &[&str]| {
            let mut radius = root("RADIUS CA");
            radius["generate_ca_for"] = json!("radius-server");
            json!({
                "certificate_authority": [root("SCEP CA"), radius],
                "server_certificate": [{ "name": "RADIUS", "certificate_authority": "RADIUS CA",
                    "names": ["radius.example.test"] }],
                "gateway": [{ "name": "G", "certificate_authority": "SCEP CA" }],
                "network_profile": [{ "name": "Wi-Fi", "security_type": "wired", "gateway": "G",
                    "server_certificate": "RADIUS", "trusted_authorities": trusted,
                    "radius_server_names": ["radius.example.test"] }],
            })
        };
        let (own, public) = ("RADIUS CA", "DigiCert Global Root G3");
        made(whole(&[own, public, "GlobalSign Root CA - R6"]));
        let current = Organization::default();
        for unknown in ["GlobalSign", "digicert global root g3", "Nobody's CA"] {
            let complaints = over(&current, whole(&[own, unknown]), false).unwrap_err();
            assert_eq!(complaints[0].path, "network_profile[0].trusted_authorities[1]");
            assert!(complaints[0].fix.contains("public-roots"), "{}", complaints[0].fix);
        }
        refused(&current, whole(&[own, own]), "network_profile[0].trusted_authorities[1]");
        let many: Vec<String> = (0..33).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        refused(&current, whole(&many), "network_profile[0].trusted_authorities");
        // A public root alone may be that of an imported certificate; an own one may not.
        made(whole(&[public]));
        refused(&current, whole(&["SCEP CA"]), "network_profile[0].trusted_authorities");
        // Nothing else may name a public root.
        let mut other = whole(&[own]);
        other["gateway"][0]["certificate_authority"] = json!(public);
        refused(&current, other, "gateway[0].certificate_authority");
    }

    #[test]
    fn a_network_that_no_device_could_join_is_refused() {
        let whole = |keys: [&str; 3], security: &str, names: &[&str]| {
            let mut radius = root("RADIUS CA");
            radius["generate_ca_for"] = json!("radius-server");
            radius["key"] = json!(keys[1]);
            let mut devices = root("SCEP CA");
            devices["key"] = json!(keys[2]);
            json!({
                "certificate_authority": [devices, radius],
                "server_certificate": [{ "name": "RADIUS", "certificate_authority": "RADIUS CA",
                    "key": keys[0], "names": ["radius.example.test"] }],
                "gateway": [{ "name": "G", "certificate_authority": "SCEP CA" }],
                "network_profile": [{ "name": "Wi-Fi", "ssid": "School", "gateway": "G",
                    "security_type": security, "server_certificate": "RADIUS",
                    "trusted_authorities": ["RADIUS CA"], "radius_server_names": names }],
            })
        };
        let (none, profile) = (Organization::default(), "network_profile[0]");
        let (plain, strict) = ("wpa3-enterprise", "wpa3-enterprise-192");
        let weak = ["ecdsa-p256", "rsa-2048", "rsa-2048"];
        let strong = ["ecdsa-p384", "rsa-3072", "rsa-4096"];
        made(whole(weak, plain, &["other.example.test", "*.example.test"]));
        for names in [&["*.test"][..], &["a.radius.example.test"], &["radius.example.org"]] {
            refused(&none, whole(weak, plain, names), &format!("{profile}.radius_server_names"));
        }
        let names = &["radius.example.test"];
        made(whole(strong, strict, names));
        // What was saved before there was such a check keeps nobody from saving something else.
        let mut before = made(whole(weak, plain, names));
        before.network_profile[0].radius_server_names = vec!["radius.example.org".to_owned()];
        applied(
            &before,
            json!({ "gateway": [{ "name": "H", "certificate_authority": "SCEP CA" }] }),
        );
        let touched = whole(weak, plain, &["radius.example.org"]);
        refused(&before, touched, &format!("{profile}.radius_server_names"));
        for (place, field) in
            ["server_certificate", "server_certificate", "gateway"].iter().enumerate()
        {
            let mut keys = strong;
            keys[place] = weak[place];
            refused(&none, whole(keys, strict, names), &format!("{profile}.{field}"));
        }
    }

    #[test]
    fn settings_stay_unless_they_are_named() {
        let named = json!({ "organization": { "name": "School", "base_url": "http://pki.test" } });
        let current = made(named);
        let merged = over(&current, policies(&["a"]), true).unwrap();
        assert_eq!(merged.organization.settings.name, "School");
        assert!(!merged.plan.creates(Kind::Organization, "School"));
        for url in ["pki.test", "http://", "http://x/", "http://x?y", "http://a b", "http://u@x"] {
            let document = json!({ "organization": { "name": "x", "base_url": url } });
            refused(&current, document, "organization.base_url");
        }
    }

    #[test]
    fn no_more_is_saved_than_can_be_read_again() {
        let many = |kind: &str, from: usize| {
            let objects: Vec<Value> =
                (from..from + 20_000).map(|n| json!({ "name": format!("n{n}") })).collect();
            json!({ kind: objects })
        };
        let mut current = made(many("policy_workflow", 0));
        current = applied(&current, many("policy_workflow", 20_000));
        current = applied(&current, many("network_policy", 0));
        refused(&current, policies(&["one more"]), "");
    }
}
