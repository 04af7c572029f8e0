//! Renames in a document: what is the same object under another name, what follows it, and what is
//! refused.

#[cfg(test)]
mod tests {
    use domain::complaint::Complaint;
    use domain::condition::Facts;
    use domain::object::Kind;
    use domain::organization::Organization;
    use domain::organization::document::Document;
    use domain::plan::Change;
    use domain::plan::Going;
    use domain::plan::Merged;
    use domain::plan::SharedSecrets;
    use domain::plan::merge;
    use domain::policy::Policies;
    use domain::secret::Secret;
    use pki::time::Time;
    use serde_json::Value;
    use serde_json::json;

    fn over(current: &Organization, document: Value) -> Result<Merged, Vec<Complaint>> {
        let secrets = SharedSecrets::from([("AP".to_owned(), Secret::new("a-long-shared-secret"))]);
        merge(current, &secrets, Document::parse(document)?, Going::Nothing)
    }

    fn school() -> Organization {
        let role =
            json!({ "field": "identity.role", "operator": "is-one-of", "value": ["staff", "it"] });
        let group = json!({ "match": "any", "rules": [
            { "field": "identity.provider", "operator": "is", "value": "Jamf" },
            { "field": "identity.provider", "operator": "starts-with", "value": "Ja" },
        ]});
        let document = json!({
            "certificate_authority": [{ "name": "CA", "type": "root" }],
            "certificate_template": [{ "name": "T", "subject": "CN=x", "validity_days": 1 }],
            "gateway": [{ "name": "Jamf" }, { "name": "Kandji" }],
            "policy_workflow": [
                { "name": "staff", "rules": [group] },
                { "name": "it", "rules": [{ "field": "always" }] },
            ],
            "enrollment_policy": [{ "name": "E", "rules": [role], "settings": {
                "certificate_authority": "CA", "certificate_template": "T" } }],
            "network_policy": [
                { "name": "first", "rules": [{ "field": "certificate.template", "operator": "is",
                                               "value": "T" }] },
                { "name": "second", "rules": [role], "tests": [
                    { "device": "mac-1", "access_point": "AP", "access": "refuse" }] },
            ],
            "access_point": [{ "name": "AP", "address": "192.0.2.7" }],
        });
        over(&Organization::default(), document).unwrap().organization
    }

    fn change<'a>(merged: &'a Merged, kind: Kind, name: &str) -> &'a Change {
        let mut changes = merged.plan.change.iter();
        changes.find(|one| one.kind == kind && one.name == name).unwrap()
    }

    fn fields(change: &Change) -> Vec<&str> {
        change.fields.iter().map(|field| field.field.as_str()).collect()
    }

    #[test]
    fn what_gets_another_name_keeps_slug_and_place_and_whoever_names_it_follows() {
        let merged = over(
            &school(),
            json!({
                "certificate_template": [
                    { "name": "Macs", "subject": "CN=x", "validity_days": 1, "renamed_from": "T" }],
                "gateway": [{ "name": "Jamf Pro", "renamed_from": "Jamf" }],
                "policy_workflow": [
                    { "name": "teachers", "renamed_from": ["staff"], "rules": [
                        { "field": "identity.provider", "operator": "is", "value": "Jamf Pro" }] },
                    { "name": "it", "rules": [{ "field": "always" }] }],
                "access_point": [
                    { "name": "Roof", "address": "192.0.2.7", "renamed_from": "AP" }],
            }),
        )
        .unwrap();
        let (organization, plan) = (&merged.organization, &merged.plan);
        assert!(plan.create.is_empty() && plan.remove.is_empty(), "{plan:?}");
        let gateway = &organization.gateway[0];
        assert_eq!((gateway.name.as_str(), gateway.slug.as_deref()), ("Jamf Pro", Some("jamf")));
        let renamed = change(&merged, Kind::Gateway, "Jamf Pro");
        assert_eq!(renamed.renamed_from.as_deref(), Some("Jamf"));
        assert_eq!(fields(renamed), ["name", "renamed_from"]);
        let policies = serde_json::to_value(organization).unwrap();
        let value = |pointer: &str| policies.pointer(pointer).unwrap().clone();
        assert_eq!(value("/enrollment_policy/0/settings/certificate_template"), "Macs");
        assert_eq!(value("/enrollment_policy/0/rules/0/value"), json!(["teachers", "it"]));
        assert_eq!(value("/network_policy/0/rules/0/value"), "Macs");
        assert_eq!(value("/network_policy/1/rules/0/value"), json!(["teachers", "it"]));
        assert_eq!(value("/network_policy/1/tests/0/access_point"), "Roof");
        // Their order is the same, and so it is not told of.
        let second = change(&merged, Kind::NetworkPolicy, "second");
        assert_eq!(fields(second), ["rules", "tests"]);
    }

    #[test]
    fn rules_in_groups_follow_and_a_part_of_a_name_does_not() {
        let document = json!({ "gateway": [{ "name": "Jamf Pro", "renamed_from": "Jamf" }] });
        let merged = over(&school(), document).unwrap();
        let staff = serde_json::to_value(&merged.organization.policy_workflow[0]).unwrap();
        assert_eq!(staff["rules"][0]["rules"][0]["value"], "Jamf Pro");
        assert_eq!(staff["rules"][0]["rules"][1]["value"], "Ja");
    }

    #[test]
    fn the_same_file_again_changes_nothing_and_former_names_are_never_lost_unsaid() {
        let first = json!({ "gateway": [{ "name": "B", "renamed_from": "Jamf" }] });
        let merged = over(&school(), first.clone()).unwrap();
        assert!(over(&merged.organization, first).unwrap().plan.is_empty());
        let without = json!({ "gateway": [{ "name": "B" }] });
        assert!(over(&merged.organization, without).unwrap().plan.is_empty());
        let second = json!({ "gateway": [{ "name": "C", "renamed_from": "B" }] });
        let merged = over(&merged.organization, second).unwrap();
        let shown = serde_json::to_value(&merged.organization.gateway[0]).unwrap();
        assert_eq!(shown["renamed_from"], json!(["B", "Jamf"]));
        // Back to the first name.
        let back = json!({ "gateway": [{ "name": "Jamf", "renamed_from": "C" }] });
        let back = over(&merged.organization, back).unwrap();
        let shown = serde_json::to_value(&back.organization.gateway[0]).unwrap();
        assert_eq!(shown["renamed_from"], json!(["C", "B"]));
        let forgotten = json!({ "gateway": [{ "name": "C", "renamed_from": [] }] });
        let forgotten = over(&merged.organization, forgotten).unwrap();
        assert_eq!(forgotten.organization.gateway[0].renamed_from, None);
    }

    #[test]
    fn of_neither_name_the_object_is_new() {
        let document = json!({ "gateway": [{ "name": "New", "renamed_from": "Never there" }] });
        let merged = over(&school(), document).unwrap();
        assert!(merged.plan.creates(Kind::Gateway, "New"));
    }

    #[track_caller]
    fn refused(current: &Organization, document: Value, path: &str, what: &str) {
        let complaints = over(current, document).unwrap_err();
        let found = complaints.iter().any(|one| one.path == path && one.to_string().contains(what));
        assert!(found, "{path}: {what} is not among {complaints:?}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let school = school();
        let gateways = |gateways: Value| json!({ "gateway": gateways });
        let path = "gateway[0].renamed_from";
        let both = gateways(json!([{ "name": "Kandji", "renamed_from": "Jamf" }]));
        refused(&school, both, path, "both \"Kandji\" and \"Jamf\" are there");
        let two = gateways(json!([{ "name": "X", "renamed_from": ["Jamf", "Kandji"] }]));
        refused(&school, two, path, "both \"Jamf\" and \"Kandji\" are there");
        let twice = gateways(
            json!([{ "name": "X", "renamed_from": "Jamf" }, { "name": "Y", "renamed_from": "Jamf" }]),
        );
        refused(&school, twice, "gateway[1].renamed_from", "another object takes the place");
        let stays = gateways(json!([{ "name": "X", "renamed_from": "Jamf" }, { "name": "Jamf" }]));
        refused(&school, stays, path, "there is a \"Jamf\" now");
        let own = gateways(json!([{ "name": "X", "renamed_from": "X" }]));
        refused(&school, own, path, "is the object's own name");
        let number = gateways(json!([{ "name": "X", "renamed_from": 7 }]));
        refused(&school, number, path, "write a text in quotes");
        let many: Vec<String> = (0..17).map(|number| format!("old {number}")).collect();
        let many = gateways(json!([{ "name": "X", "renamed_from": many }]));
        refused(&school, many, path, "17 names given, 16 are possible");
        let authority = json!({ "certificate_authority": [
            { "name": "Other", "type": "root", "renamed_from": "CA" }] });
        let (path, what) = ("certificate_authority[0].renamed_from", "holds a key");
        refused(&school, authority, path, what);
        // Whoever still says the old name is told the new one.
        let stale = json!({
            "gateway": [{ "name": "X", "renamed_from": "Jamf" }],
            "policy_workflow": [{ "name": "staff", "rules": [
                { "field": "identity.provider", "operator": "is", "value": "Jamf" }] }],
        });
        let what = "it is called \"X\" now";
        refused(&school, stale, "policy_workflow[0].rules[0].value", what);
    }

    #[test]
    fn a_certificate_of_an_old_name_is_known_by_the_new_one() {
        let document = json!({ "gateway": [{ "name": "Jamf Pro", "renamed_from": "Jamf" }] });
        let merged = over(&school(), document).unwrap();
        let policies = Policies::of(&merged.organization);
        let facts = Facts::of_provider(Some("Jamf"), Time(0)).under(&policies.names);
        assert_eq!(facts.provider.as_deref(), Some("Jamf Pro"));
        let other = Facts::of_provider(Some("Kandji"), Time(0)).under(&policies.names);
        assert_eq!(other.provider.as_deref(), Some("Kandji"));
    }
}
