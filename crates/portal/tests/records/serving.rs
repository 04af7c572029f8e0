//! The page of a server certificate: its slots, and what is done with them.

#[cfg(test)]
mod tests {
    use pki::pem;

    use crate::browser::Fixture;
    use crate::browser::owner;

    const OWN: &str = "/server-certificates/radius";

    #[tokio::test]
    async fn slots_are_cards_and_each_page_leads_to_the_other() {
        let fixture = Fixture::new().await;
        let page = fixture.get(OWN).await.text;
        for part in ["id=\"slot-active\"", "Renew now", "Import a certificate", "Nothing waits"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(page.contains("href=\"/network-profiles/example-secure\""), "{page}");
        assert!(!page.contains("id=\"slot-next\""));
        let profile = fixture.get("/network-profiles/example-secure").await.text;
        assert!(profile.contains(&format!("href=\"{OWN}\"")), "{profile}");
        let got = fixture.send(&format!("{OWN}/renew"), &[]).await;
        assert_eq!(got.location, format!("{OWN}?done=renewed"));
        let page = fixture.get(&got.location).await.text;
        assert!(page.contains("id=\"slot-previous\"") && page.contains("It has a new key"));
        let got = fixture.send(&format!("{OWN}/renew"), &[("next", "yes")]).await;
        assert_eq!(got.location, format!("{OWN}?done=waits"));
        let page = fixture.get(OWN).await.text;
        assert!(page.contains("id=\"slot-next\"") && !page.contains("Nothing waits"), "{page}");
        let got = fixture.send(&format!("{OWN}/discard"), &[]).await;
        assert_eq!(got.location, format!("{OWN}?done=discarded"));
        assert_eq!(fixture.send(&format!("{OWN}/discard"), &[]).await.status, 404);
    }

    #[tokio::test]
    async fn a_switch_shows_whom_it_would_cut_off_and_asks() {
        let fixture = Fixture::new().await;
        fixture.issue("mac-1").await;
        let name = "Example School RADIUS CA";
        let app = &fixture.app;
        actions::certificate_authority::renewal::renew(app, &owner(), name).await.unwrap();
        assert_eq!(fixture.send(&format!("{OWN}/renew"), &[]).await.status, 409);
        fixture.send(&format!("{OWN}/renew"), &[("next", "yes")]).await;
        let page = fixture.get(&format!("{OWN}/coverage?slot=next")).await.text;
        let told = "0 trust it, 1 unknown, 0 do not";
        for part in [told, "mac-1", "its profile is not known", "name=\"confirm\" value=\"1\""] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let sha256 = page.split("name=\"sha256\" value=\"").nth(1).unwrap();
        let sha256 = sha256.split('"').next().unwrap().to_owned();
        let to = format!("{OWN}/switch");
        let got = fixture.send(&to, &[("sha256", &sha256)]).await;
        assert_eq!(got.status, 422, "{}", got.text);
        assert!(got.text.contains("role=\"alert\"") && got.text.contains("mac-1"), "{}", got.text);
        let other = "AB".repeat(32);
        let got = fixture.send(&to, &[("sha256", &other), ("confirm", "1")]).await;
        assert_eq!(got.status, 409);
        let got = fixture.send(&to, &[("sha256", &sha256), ("confirm", "1")]).await;
        assert_eq!(got.location, format!("{OWN}?done=switched"));
        let page = fixture.get(&format!("{OWN}/coverage?slot=previous")).await.text;
        assert!(page.contains("name=\"back\""), "{page}");
        let got = fixture.send(&to, &[("back", "yes"), ("confirm", "1")]).await;
        assert_eq!(got.location, format!("{OWN}?done=switched"));
        assert_eq!(fixture.get(&format!("{OWN}/coverage?slot=nothing")).await.status, 400);
        let wrong = format!("{OWN}/coverage?slot=active&cursor=elsewhere");
        assert_eq!(fixture.get(&wrong).await.status, 400);
    }

    #[tokio::test]
    async fn what_is_secret_stands_in_no_page_of_an_import() {
        let fixture = Fixture::new().await;
        let to = format!("{OWN}/import");
        assert!(fixture.get(&to).await.text.contains("data-as=\"base64\""));
        let rules = fixture.app.snapshot.rules();
        let own = rules.server_of("RADIUS").unwrap().identity.clone();
        let (chain, key) = (pem::certificate(&own.certificate), pem::private_key(&own.key));
        let line = key.lines().nth(1).unwrap().to_owned();
        let wrong = [("certificate", "no PEM"), ("private_key", key.as_str()), ("next", "yes")];
        let got = fixture.send(&to, &wrong).await;
        assert_eq!(got.status, 422);
        assert!(got.text.contains("certificate: ") && !got.text.contains(&line), "{}", got.text);
        assert!(
            got.text.contains("no PEM") && got.text.contains("name=\"next\" value=\"yes\" checked")
        );
        // The password was asked for in between, and the key is not there any more.
        let got = fixture.send(&to, &[("certificate", chain.as_str())]).await;
        assert!(
            got.status == 422 && got.text.contains("Give the key or the bundle"),
            "{}",
            got.text
        );
        let right = [("certificate", chain.as_str()), ("private_key", key.as_str())];
        let got = fixture.send(&to, &right).await;
        assert_eq!(got.location, format!("{OWN}?done=imported_server"), "{}", got.text);
        let page = fixture.get(OWN).await.text;
        assert!(page.contains("Imported: it is not renewed by itself") && !page.contains(&line));
    }
}
