//! What is done at once, without a form to fill in: it asks where it takes from many, and does
//! nothing to a version that nobody looked at.

#[cfg(test)]
mod tests {
    use actions::object::Shown;
    use actions::organization::Application;
    use domain::object::Kind;
    use serde_json::json;

    use crate::browser::Fixture;
    use crate::browser::Got;
    use crate::browser::owner;

    const NETWORK: &str = "/network-policies/mosyle-devices-to-vlan-20";

    const NAME: &str = "Mosyle devices to VLAN 20";

    fn policy(fixture: &Fixture) -> Shown {
        actions::object::show(&fixture.app, &owner(), Kind::NetworkPolicy, NAME).unwrap()
    }

    fn etag(fixture: &Fixture) -> String {
        policy(fixture).etag
    }

    async fn apply(fixture: &Fixture, document: serde_json::Value) {
        let application = Application { document, confirm: Some(100), ..Application::default() };
        actions::organization::apply(&fixture.app, &owner(), application).await.unwrap();
    }

    /// More devices that got in than may lose it without a word.
    async fn crowd(fixture: &Fixture) {
        for number in 0..21 {
            let certificate = fixture.issue(&format!("mac-{number}")).await;
            fixture.join(&certificate).await;
        }
    }

    /// Asks as it must: how many, some of them by name, and the version that was looked at.
    fn asks(fixture: &Fixture, got: &Got) {
        assert_eq!(got.status, 422, "{}", got.text);
        for part in ["refuse 21 of 21 devices", "mac-", "11 more", "name=\"confirm\" value=\"21\""]
        {
            assert!(got.text.contains(part), "{part}: {}", got.text);
        }
        let meant = format!("name=\"etag\" value=\"{}\"", etag(fixture));
        assert!(got.text.contains(&meant), "{}", got.text);
    }

    #[tokio::test]
    async fn a_removal_that_shuts_many_out_is_asked_for() {
        let fixture = Fixture::new().await;
        crowd(&fixture).await;
        let page = fixture.get(&format!("{NETWORK}/remove")).await;
        let meant = etag(&fixture);
        assert!(page.text.contains(&format!("name=\"etag\" value=\"{meant}\"")), "{}", page.text);
        let path = format!("{NETWORK}/remove");
        asks(&fixture, &fixture.send(&path, &[("etag", &meant)]).await);
        let few = fixture.send(&path, &[("etag", &meant), ("confirm", "20")]).await;
        asks(&fixture, &few);
        let got = fixture.send(&path, &[("etag", &meant), ("confirm", "21")]).await;
        assert_eq!(got.location, "/network-policies?done=removed", "{}", got.text);
    }

    #[tokio::test]
    async fn a_way_back_that_shuts_many_out_is_asked_for() {
        let fixture = Fixture::new().await;
        let refuse = json!({"name": NAME, "rules": [{"field": "always"}],
            "settings": {"access": "refuse"}});
        let accept = json!({"name": NAME, "rules": [{"field": "always"}],
            "settings": {"access": "accept"}});
        apply(&fixture, json!({"network_policy": [refuse]})).await;
        let refusing = fixture.app.snapshot.rules().version.to_string();
        apply(&fixture, json!({"network_policy": [accept]})).await;
        crowd(&fixture).await;
        let (path, meant) = (format!("{NETWORK}/rollback"), etag(&fixture));
        let history = fixture.get(&format!("{NETWORK}/history")).await.text;
        assert!(history.contains(&format!("name=\"etag\" value=\"{meant}\"")), "{history}");
        let asked = [("version", refusing.as_str()), ("etag", meant.as_str())];
        let got = fixture.send(&path, &asked).await;
        asks(&fixture, &got);
        assert!(got.text.contains("id=\"review\""), "the difference is shown: {}", got.text);
        let sure = [asked.as_slice(), &[("confirm", "21")]].concat();
        let got = fixture.send(&path, &sure).await;
        assert_eq!(got.location, format!("{NETWORK}?done=rolled_back"), "{}", got.text);
    }

    #[tokio::test]
    async fn a_move_that_shuts_many_out_is_asked_for() {
        let fixture = Fixture::new().await;
        let nobody = json!({"name": "Nobody", "rules": [{"field": "always"}],
            "settings": {"access": "refuse"}});
        let first = policy(&fixture).definition;
        apply(&fixture, json!({"network_policy": [first, nobody]})).await;
        crowd(&fixture).await;
        let list = fixture.get("/network-policies").await.text;
        let meant = etag(&fixture);
        assert!(list.contains(&format!("name=\"etag\" value=\"{meant}\"")), "{list}");
        let path = format!("{NETWORK}/move");
        let asked = [("place", "2"), ("etag", meant.as_str())];
        let got = fixture.send(&path, &asked).await;
        asks(&fixture, &got);
        assert!(got.text.contains("at place 2"), "{}", got.text);
        let sure = [asked.as_slice(), &[("confirm", "21")]].concat();
        assert_eq!(fixture.send(&path, &sure).await.location, "/network-policies?done=moved");
    }

    #[tokio::test]
    async fn what_was_changed_since_is_told_and_stays_as_it_is() {
        let fixture = Fixture::new().await;
        let stale = etag(&fixture);
        let other = json!({"name": NAME, "description": "Changed", "rules": [{"field": "always"}],
            "settings": {"access": "accept"}});
        apply(&fixture, json!({"network_policy": [other]})).await;
        let version = fixture.app.snapshot.rules().version;
        for (verb, field) in
            [("remove", ("x", "x")), ("rollback", ("version", "1")), ("move", ("place", "2"))]
        {
            let path = format!("{NETWORK}/{verb}");
            let got = fixture.send(&path, &[field, ("etag", &stale)]).await;
            assert_eq!(got.status, 409, "{verb}: {}", got.text);
            assert!(got.text.contains("Somebody else changed this meanwhile"), "{verb}");
            // To agree means what there is now.
            let now = format!("name=\"etag\" value=\"{}\"", etag(&fixture));
            assert!(got.text.contains(&now), "{verb}: {}", got.text);
            // Without a version nobody knows what is meant.
            assert_eq!(fixture.send(&path, &[field]).await.status, 400, "{verb}");
            assert_eq!(fixture.app.snapshot.rules().version, version, "{verb}");
        }
        let (back, now) = (format!("{NETWORK}/rollback"), etag(&fixture));
        let got = fixture.send(&back, &[("version", "1"), ("etag", &now)]).await;
        assert_eq!(got.status, 303, "{}", got.text);
    }

    #[tokio::test]
    async fn what_is_in_use_cannot_be_removed_and_says_so_before_anybody_agrees() {
        let fixture = Fixture::new().await;
        let page = fixture.get("/gateways/mosyle/remove").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("role=\"alert\"") && !page.text.contains("id=\"form\""));
    }
}
