//! Search, devices, people, certificates, network profiles and access points, as browsers use them.

#[cfg(test)]
mod tests {
    use actions::inventory::Import;
    use axum::body::Body;
    use axum::http::Request;
    use pki::pem;
    use pki::public_root;
    use serde_json::json;

    use crate::browser::Fixture;
    use crate::browser::HOSTILE;
    use crate::browser::escaped;
    use crate::browser::owner;

    #[tokio::test]
    async fn one_thing_that_is_found_is_led_to_and_several_are_listed() {
        let fixture = Fixture::new().await;
        fixture.device(json!({"name": "Mac 1", "mac_addresses": ["a4:83:e7:00:11:22"]})).await;
        let got = fixture.get("/search?text=A4-83-E7-00-11-22").await;
        assert_eq!(got.status, 303);
        assert!(got.location.starts_with("/devices/"), "{}", got.location);
        let got = fixture.get("/search?text=mosyle").await;
        assert_eq!(got.status, 200);
        for url in ["/gateways/mosyle", "/enrollment-policies/mosyle-enrollment"] {
            assert!(got.text.contains(&format!("href=\"{url}\"")), "{url}: {}", got.text);
        }
        // What is shown while somebody types leads nowhere by itself.
        let request =
            Request::builder().uri("/search?text=A483E7001122").header("host", "localhost");
        let request = request.header("hx-request", "true").body(Body::empty()).unwrap();
        let got = fixture.ask(request).await;
        assert!(got.status == 200 && got.text.contains("Mac 1"));
    }

    #[tokio::test]
    async fn a_search_that_finds_nothing_or_is_none_says_so() {
        let fixture = Fixture::new().await;
        let got = fixture.get("/search?text=nothing").await;
        assert!(got.status == 200 && got.text.contains("Nothing was found"));
        let got = fixture.get(&format!("/search?text={}", escaped(HOSTILE))).await;
        assert!(got.status == 400 && got.text.contains("a character that no name has"));
        let got = fixture.get(&format!("/search?text={}", "a".repeat(10_000))).await;
        assert!(got.status == 400 && got.text.contains("longer than 1024 bytes"));
        assert_eq!(fixture.get("/search").await.status, 200);
    }

    #[tokio::test]
    async fn a_device_is_added_changed_and_removed_and_nothing_written_is_lost() {
        let fixture = Fixture::new().await;
        let wrong = [("name", "Mac"), ("mac_addresses", "no address"), ("model", "Kept <b>")];
        let got = fixture.send("/devices/_new", &wrong).await;
        assert_eq!(got.status, 422);
        assert!(got.text.contains("no address") && got.text.contains("Kept &#60;b&#62;"));
        assert!(got.text.contains("id=\"field-mac_addresses-wrong\""), "{}", got.text);
        let right =
            [("name", "Mac"), ("serial", "S1"), ("tags", "lab\nroom 1"), ("status", "active")];
        let got = fixture.send("/devices/_new", &right).await;
        assert_eq!(got.status, 303, "{}", got.text);
        let own = got.location.split('?').next().unwrap().to_owned();
        let page = fixture.get(&got.location).await.text;
        for part in ["It was created.", "room 1", "an administrator", "In the inventory"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        // Too many lines are complained of, and none is dropped.
        let tags: Vec<String> = (0..2001).map(|number| format!("tag {number}")).collect();
        let tags = tags.join("\n");
        let many = [("name", "Other"), ("tags", tags.as_str())];
        let got = fixture.send("/devices/_new", &many).await;
        assert_eq!(got.status, 422);
        assert!(got.text.contains("id=\"field-tags-wrong\"") && got.text.contains("tag 2000"));
        let again = fixture.send("/devices/_new", &right).await;
        assert!(again.status == 422 && again.text.contains("there is a device"));
        let change = [("name", "Mac"), ("serial", "S2"), ("tags", ""), ("status", "lost")];
        assert_eq!(fixture.send(&format!("{own}/edit"), &change).await.status, 303);
        let page = fixture.get(&own).await.text;
        assert!(page.contains("S2") && page.contains("Lost") && !page.contains("room 1"));
        assert!(fixture.get(&format!("{own}/remove")).await.text.contains("Mac"));
        let got = fixture.send(&format!("{own}/remove"), &[]).await;
        assert_eq!(got.location, "/devices?done=removed");
        assert_eq!(fixture.get(&own).await.status, 404);
        assert!(fixture.get("/devices").await.text.contains("No device is known yet"));
    }

    /// The version that a form was made for.
    fn etag_of(page: &str) -> String {
        let rest = page.split("name=\"etag\" value=\"").nth(1).expect("the form has a version");
        rest.split('"').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_stale_form_does_not_undo_what_somebody_else_changed() {
        let fixture = Fixture::new().await;
        fixture.device(json!({"name": "Mac", "status": "active"})).await;
        let seen = etag_of(&fixture.get("/devices/Mac/edit").await.text);
        let lost = [("name", "Mac"), ("status", "lost"), ("etag", &*seen)];
        assert_eq!(fixture.send("/devices/Mac/edit", &lost).await.status, 303);
        let stale = [("name", "Mac"), ("status", "active"), ("model", "Air <1>"), ("etag", &*seen)];
        let got = fixture.send("/devices/Mac/edit", &stale).await;
        assert_eq!(got.status, 409, "{}", got.text);
        for part in ["Somebody else changed this", "Air &#60;1&#62;", "<td class=\"after\">lost"] {
            assert!(got.text.contains(part), "{part}: {}", got.text);
        }
        assert!(fixture.get("/devices/Mac").await.text.contains("Lost"));
        let over = [("name", "Mac"), ("status", "active"), ("etag", &etag_of(&got.text))];
        assert_eq!(fixture.send("/devices/Mac/edit", &over).await.status, 303);
        assert!(!fixture.get("/devices/Mac").await.text.contains("Lost"));
        fixture.send("/people/_new", &[("name", "Anna"), ("email", "anna@example.org")]).await;
        let seen = etag_of(&fixture.get("/people/Anna/edit").await.text);
        let off = [("name", "Anna"), ("status", "disabled"), ("etag", &*seen)];
        assert_eq!(fixture.send("/people/Anna/edit", &off).await.status, 303);
        let stale = [("name", "Anna"), ("status", "active"), ("groups", "art"), ("etag", &*seen)];
        let got = fixture.send("/people/Anna/edit", &stale).await;
        assert!(got.status == 409 && got.text.contains("disabled"), "{}", got.text);
        assert!(got.text.contains("art"), "{}", got.text);
    }

    #[tokio::test]
    async fn a_table_is_shown_row_by_row_before_it_is_imported() {
        let fixture = Fixture::new().await;
        let table = "name,serial,status\nMac 1,S1,active\nMac 2,S2,broken\n";
        let got = fixture.send("/devices/_import", &[("table", table)]).await;
        assert_eq!(got.status, 200);
        for part in ["Mac 2", "refused", "Import this table", "S1,active"] {
            assert!(got.text.contains(part), "{part}: {}", got.text);
        }
        assert!(fixture.get("/devices").await.text.contains("No device is known yet"));
        let sure = [("table", table), ("sure", "yes")];
        let got = fixture.send("/devices/_import", &sure).await;
        assert!(got.status == 422 && got.text.contains("line[3]"), "{}", got.text);
        let skip = [("table", table), ("sure", "yes"), ("skip_bad_rows", "on")];
        let got = fixture.send("/devices/_import", &skip).await;
        assert_eq!(got.location, "/devices?done=imported");
        let csv = fixture.get("/devices.csv?search=mac").await;
        assert!(csv.text.starts_with("name,serial,udid") && csv.text.contains("Mac 1,S1,"));
        assert!(!csv.text.contains("Mac 2"));
        // What was taken along can be brought back.
        let got = fixture.send("/devices/_import", &[("table", &csv.text)]).await;
        assert!(got.status == 200 && !got.text.contains("badge tone-red"), "{}", got.text);
        let people = [("table", "name,email\nAnna,anna@example.org\n"), ("sure", "yes")];
        let got = fixture.send("/people/_import", &people).await;
        assert_eq!(got.location, "/people?done=imported");
        let nothing = fixture.send("/people/_import", &[("table", "a,b\n1,2\n")]).await;
        assert!(nothing.status == 422 && nothing.text.contains("names no column"));
    }

    #[tokio::test]
    async fn what_is_taken_along_as_a_table_changes_nothing_when_it_is_brought_back() {
        let fixture = Fixture::new().await;
        for told in [
            json!({"name": "=cmd()", "serial": "-1", "owner": "@anna",
                "tags": ["a;b", "c,d", "e\\", "'=f"]}),
            json!({"name": "'=quoted", "model": "+1, or \"so\"",
                "mac_addresses": ["a4:83:e7:00:11:22", "a4:83:e7:00:11:23"]}),
            json!({"name": "O'Neill; 2", "status": "lost", "os": "macOS"}),
        ] {
            fixture.device(told).await;
        }
        // Only its request told of it: the inventory does not know it, and must not by this.
        fixture.issue("stranger").await;
        for person in [
            json!({"name": "=Anna", "email": "+anna@example.org",
                "groups": ["CN=a\\, b,OU=c", "d;e"]}),
            json!({"name": "Ben", "status": "disabled"}),
        ] {
            let told = serde_json::from_value(person).unwrap();
            actions::person::create(&fixture.app, &owner(), told).await.unwrap();
        }
        let json = fixture.get("/devices.json").await;
        let all: Vec<serde_json::Value> = serde_json::from_str(&json.text).unwrap();
        assert_eq!(all.len(), 4, "{}", json.text);
        let (dry, app) = (Import { dry_run: true, ..Import::default() }, &fixture.app);
        let csv = fixture.get("/devices.csv").await.text;
        assert!(!csv.contains("stranger") && csv.contains("'=cmd()"), "{csv}");
        let devices = actions::device::import(app, &owner(), csv.as_bytes(), dry).await.unwrap();
        let csv = fixture.get("/people.csv").await.text;
        let people = actions::person::import(app, &owner(), csv.as_bytes(), dry).await.unwrap();
        for (report, count) in [(devices, 3), (people, 2)] {
            assert!(report.rows.is_empty(), "{:?}", report.rows);
            assert_eq!((report.unchanged, report.ignored_columns.len()), (count, 0));
        }
    }

    #[tokio::test]
    async fn the_certificates_of_a_device_are_revoked_from_its_page() {
        let fixture = Fixture::new().await;
        fixture.device(json!({"name": "Mac", "serial": "C02XK1ZZJGH5"})).await;
        let serial = fixture.issue("C02XK1ZZJGH5").await.serial.to_string();
        let page = fixture.get("/devices/Mac").await.text;
        assert!(page.contains("Revoke its certificates (1)"), "{page}");
        assert!(page.contains(&format!("type=\"hidden\" name=\"serial\" value=\"{serial}\"")));
        let ticked = [("serial", serial.as_str()), ("reason", "privilegeWithdrawn")];
        assert_eq!(fixture.send("/certificates/_revoke-chosen", &ticked).await.status, 200);
        let page = fixture.get("/devices/Mac").await.text;
        assert!(!page.contains("Revoke its certificates"), "{page}");
        assert!(page.contains("It would be refused"), "{page}");
    }

    #[tokio::test]
    async fn a_person_has_a_page_with_devices() {
        let fixture = Fixture::new().await;
        fixture.device(json!({"name": "Mac", "owner": "anna@example.org"})).await;
        let anna = [("name", "Anna Smith/ä"), ("email", "anna@example.org"), ("groups", "art")];
        let got = fixture.send("/people/_new", &anna).await;
        assert_eq!(got.status, 303);
        let page = fixture.get(&got.location).await.text;
        assert!(page.contains("Anna Smith/ä") && page.contains("Mac</a>") && page.contains("art"));
        let own = got.location.split('?').next().unwrap();
        let wrong = [("name", "Anna Smith/ä"), ("email", "anna"), ("groups", "art")];
        let got = fixture.send(&format!("{own}/edit"), &wrong).await;
        assert!(got.status == 422, "{} {} {}", got.status, got.location, got.text);
        assert!(got.text.contains("id=\"field-email-wrong\""), "{}", got.text);
        assert_eq!(fixture.send(&format!("{own}/remove"), &[]).await.status, 303);
        assert!(fixture.get("/people").await.text.contains("No person is known yet"));
    }

    #[tokio::test]
    async fn a_certificate_shows_everything_and_is_taken_along() {
        let fixture = Fixture::new().await;
        let certificate = fixture.issue("C02XK1ZZJGH5").await;
        let own = format!("/certificates/{}", certificate.serial);
        let page = fixture.get(&own).await.text;
        for part in [
            "CN=C02XK1ZZJGH5",
            "In use",
            "class=\"life\"",
            "Example School SCEP CA",
            "Extended Key Usage",
            "clientAuth",
            "-----BEGIN CERTIFICATE-----",
            "Enrollment",
            "href=\"/gateways/mosyle\"",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let pem = fixture.get(&format!("{own}/download.pem")).await;
        assert_eq!(pem::certificates(&pem.text).unwrap(), std::slice::from_ref(&certificate));
        let cer = fixture.get(&format!("{own}/download.cer")).await;
        assert_eq!(cer.kind, "application/pkix-cert");
        assert_eq!(fixture.get("/certificates/0A").await.status, 404);
        assert_eq!(fixture.get("/certificates/xyz").await.status, 400);
        let list = fixture.get("/certificates?search=c02").await.text;
        assert!(list.contains(&own));
        for wrong in ["filter=color:red", "search=a&filter=device:b*", "sort=color"] {
            let got = fixture.get(&format!("/certificates?{wrong}")).await;
            assert!(got.status == 200 && got.text.contains("role=\"alert\""), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_certificate_is_held_released_and_revoked() {
        let fixture = Fixture::new().await;
        let certificate = fixture.issue("one").await;
        let own = format!("/certificates/{}", certificate.serial);
        for (verb, fields, word) in [
            ("hold", &[][..], "On hold"),
            ("release", &[], "In use"),
            ("revoke", &[("reason", "superseded")], "A newer one took its place"),
        ] {
            let got = fixture.send(&format!("{own}/{verb}"), fields).await;
            assert_eq!(got.status, 303, "{verb}: {}", got.text);
            assert!(fixture.get(&own).await.text.contains(word), "{verb}");
        }
        let again = fixture.send(&format!("{own}/revoke"), &[("reason", "superseded")]).await;
        assert_eq!(again.status, 409);
        let none = fixture.send(&format!("{own}/revoke"), &[("reason", "boredom")]).await;
        assert_eq!(none.status, 400);
    }

    #[tokio::test]
    async fn many_are_revoked_once_they_are_counted_or_ticked_and_the_password_was_given() {
        let fixture = Fixture::new().await;
        let one = fixture.issue("one").await.serial.to_string();
        let two = fixture.issue("two").await.serial.to_string();
        let ticked = [("serial", one.as_str()), ("serial", "0A"), ("reason", "keyCompromise")];
        let got = fixture.send("/certificates/_revoke-chosen", &ticked).await;
        assert_eq!(got.status, 200);
        assert!(got.text.contains(&one) && got.text.contains("Not revoked"), "{}", got.text);
        let none = fixture.send("/certificates/_revoke-chosen", &[("reason", "superseded")]).await;
        assert_eq!(none.status, 400);

        let of_gateway =
            [("field", "gateway"), ("name", "Mosyle"), ("reason", "cessationOfOperation")];
        let got = fixture.send("/certificates/_revoke", &of_gateway).await;
        assert!(got.text.contains("would be revoked: 1"), "{}", got.text);
        let status = fixture.get(&format!("/certificates/{two}")).await.text;
        assert!(status.contains("In use"));
        let sure = [of_gateway.as_slice(), &[("confirm", "1")]].concat();
        let got = fixture.send("/certificates/_revoke", &sure).await;
        assert_eq!(got.location, "/certificates?done=revoked_all", "{}", got.text);
        let status = fixture.get(&format!("/certificates/{two}")).await.text;
        assert!(status.contains("It is not needed any more"));
        let empty = [("field", "gateway"), ("name", " "), ("reason", "superseded")];
        assert_eq!(fixture.send("/certificates/_revoke", &empty).await.status, 422);
        let proven = portal::pages().into_iter().filter(|page| page.proof);
        let proven: Vec<String> = proven.map(|page| page.path).collect();
        for path in [
            "/certificates/_revoke",
            "/certificates/_revoke-chosen",
            "/access-points/{name}/rotate",
        ] {
            assert!(proven.contains(&path.to_owned()), "{path}");
        }
    }

    #[tokio::test]
    async fn the_certificates_of_a_profile_are_chosen_updated_and_downloaded_as_in_the_guide() {
        let fixture = Fixture::new().await;
        let own = "/network-profiles/example-secure";
        let page = fixture.get(own).await.text;
        assert!(page.contains("Add/Remove Certificate") && page.contains(".cer"));
        let choose = fixture.get(&format!("{own}/certificates")).await.text;
        let offered = "DigiCert Global Root G3 (Fri Jan 15 12:00:00 UTC 2038)";
        assert!(choose.contains(offered) && choose.contains("Example School RADIUS CA"));
        let ticked = [
            ("trusted_authorities", ""),
            ("trusted_authorities", "DigiCert Global Root G3"),
            ("trusted_authorities", "Example School RADIUS CA"),
        ];
        let got = fixture.send(&format!("{own}/certificates"), &ticked).await;
        assert_eq!(got.location, format!("{own}?done=saved#certificates"), "{}", got.text);
        let page = fixture.get(own).await.text;
        assert!(page.contains("Fri Jan 15 12:00:00 UTC 2038"), "{page}");
        let bundle = fixture.get(&format!("{own}/certificates.pem")).await;
        let all = pem::certificates(&bundle.text).unwrap();
        assert_eq!(all.len(), 2);
        let digits: String =
            all[1].sha256_fingerprint().iter().map(|byte| format!("{byte:02X}")).collect();
        let one = fixture.get(&format!("{own}/certificates/{digits}.cer")).await;
        assert_eq!((one.status, one.kind.as_str()), (200, "application/pkix-cert"));
        assert_eq!(fixture.get(&format!("{own}/certificates/00.cer")).await.status, 404);
        let none =
            fixture.send(&format!("{own}/certificates"), &[("trusted_authorities", "")]).await;
        assert!(none.status == 422 && none.text.contains("would trust any RADIUS server"));
        let lost = [("trusted_authorities", HOSTILE)];
        assert_eq!(fixture.send(&format!("{own}/certificates"), &lost).await.status, 422);
        let old = [("trusted_authorities", "Example School RADIUS CA"), ("etag", "0000")];
        let got = fixture.send(&format!("{own}/certificates"), &old).await;
        assert!(got.status == 409 && got.text.contains("Somebody else changed this"));
        // What differs is shown, and saving means what there is now.
        assert!(got.text.contains("How it differs from what is there now"), "{}", got.text);
        assert!(got.text.contains("DigiCert Global Root G3&#34;]</td>"), "{}", got.text);
        let (_, rest) = got.text.split_once("name=\"etag\" value=\"").unwrap();
        let etag = rest.split('"').next().unwrap();
        let over = [("trusted_authorities", "Example School RADIUS CA"), ("etag", etag)];
        assert_eq!(fixture.send(&format!("{own}/certificates"), &over).await.status, 303);
        // In the form, too, what is ticked is kept when it is shown again.
        let adjust =
            [ticked.as_slice(), &[("name", "Wi-Fi 2"), ("adjust", "certificates")]].concat();
        let got = fixture.send("/network-profiles/_new", &adjust).await;
        assert!(got.status == 200 && got.text.contains("<li>DigiCert Global Root G3</li>"));
        let blank = fixture.get("/network-profiles/_new").await.text;
        assert!(blank.contains("radius.example.test"));
    }

    #[tokio::test]
    async fn a_root_from_elsewhere_is_uploaded_shown_and_taken_away() {
        let fixture = Fixture::new().await;
        let own = "/network-profiles/example-secure";
        let to = format!("{own}/certificates");
        let root = public_root::find("DigiCert Global Root G3").unwrap();
        let root = pem::certificate(&root.certificate);
        let kept = ("trusted_authorities", "Example School RADIUS CA");
        let upload = [kept, ("upload", root.as_str())];
        assert_eq!(fixture.send(&to, &upload).await.status, 303);
        let page = fixture.get(own).await.text;
        assert!(page.contains("uploaded") && page.contains("DigiCert Global Root G3"), "{page}");
        let choose = fixture.get(&to).await.text;
        let (_, rest) = choose.split_once("name=\"keep\" value=\"").unwrap();
        let digits = rest.split('"').next().unwrap().to_owned();
        let der = fixture.get(&format!("{to}/{digits}.cer")).await;
        assert_eq!((der.status, der.kind.as_str()), (200, "application/pkix-cert"));
        // Once is enough, and what is no certificate loses nothing.
        let again = [kept, ("keep", digits.as_str()), ("upload", root.as_str())];
        assert_eq!(fixture.send(&to, &again).await.status, 303);
        let bundle = fixture.get(&format!("{own}/certificates.pem")).await;
        assert_eq!(pem::certificates(&bundle.text).unwrap().len(), 2);
        let junk = [kept, ("keep", digits.as_str()), ("upload", "junk <b>")];
        let got = fixture.send(&to, &junk).await;
        assert!(got.status == 422 && got.text.contains("junk &#60;b&#62;"), "{}", got.text);
        assert!(got.text.contains(&format!("value=\"{digits}\" checked")), "{}", got.text);
        assert_eq!(fixture.send(&to, &[kept]).await.status, 303);
        let bundle = fixture.get(&format!("{own}/certificates.pem")).await;
        assert_eq!(pem::certificates(&bundle.text).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_profile_is_checked_and_access_points_are_configured_on_a_page() {
        let fixture = Fixture::new().await;
        let own = "/network-profiles/example-secure";
        let list = fixture.get("/network-profiles").await.text;
        assert!(list.contains("/network-profiles/_inspect"), "{list}");
        let order = [("platform", "mosyle")];
        let page = fixture.send(&format!("{own}/render"), &order).await.text;
        let (_, rest) = page.split_once("application/x-apple-aspen-config;base64,").unwrap();
        let file = rest.split('"').next().unwrap();
        let check = "/network-profiles/_inspect";
        let got = fixture.send(check, &[("content", file), ("console", "mosyle")]).await;
        assert!(got.status == 200 && got.text.contains("will get their certificate"));
        let got = fixture.send(check, &[("content", file), ("console", "jamf")]).await;
        assert!(got.text.contains("PROFILE-VARIABLE-FOREIGN"), "{}", got.text);
        let got = fixture.send(check, &[("content", "<plist>&junk;</plist>")]).await;
        assert!(got.status == 422 && got.text.contains("content:"), "{}", got.text);
        assert!(got.text.contains("&#60;plist&#62;&#38;junk;"), "{}", got.text);
        let to = format!("{own}/configure");
        let wish = [("vendor", "hostapd"), ("addresses", "192.0.2.10, 2001:db8::10")];
        let got = fixture.send(&to, &wish).await;
        assert!(got.status == 200 && got.text.contains("auth_server_addr=192.0.2.10"));
        let got = fixture.send(&to, &[("vendor", "hostapd"), ("addresses", "radius")]).await;
        assert!(got.status == 422 && got.text.contains("radius is no address"), "{}", got.text);
        let bundle = [("platform", "p12"), ("device", "")];
        let got = fixture.send(&format!("{own}/render"), &bundle).await;
        assert!(got.status == 422 && got.text.contains("name a device"), "{}", got.text);
    }

    #[tokio::test]
    async fn the_secret_of_an_access_point_is_drawn_and_shown_once_or_given() {
        let fixture = Fixture::new().await;
        let blank = fixture.get("/access-points/_new?address=192.0.2.9").await.text;
        assert!(blank.contains("value=\"192.0.2.9\""), "{blank}");
        let lobby = [("name", "Lobby"), ("address", "192.0.2.9")];
        let got = fixture.send("/access-points/_new", &lobby).await;
        assert!(got.status == 201 && got.text.contains("shown this once"), "{}", got.text);
        let page = fixture.get("/access-points/lobby").await.text;
        let rules = fixture.app.snapshot.rules();
        let point = rules.access_point("192.0.2.9".parse().unwrap()).unwrap();
        let drawn = point.shared_secret.reveal();
        assert!(got.text.contains(drawn) && !page.contains(drawn));

        let given = [
            ("name", "Hall"),
            ("address", "192.0.2.10"),
            ("shared_secret", "a canary of a secret"),
        ];
        let got = fixture.send("/access-points/_new", &given).await;
        assert_eq!(got.location, "/access-points/hall?done=created", "{}", got.text);
        let short = [("name", "Roof"), ("address", "x"), ("shared_secret", "short canary")];
        let got = fixture.send("/access-points/_new", &short).await;
        assert!(got.status == 422 && !got.text.contains("canary"), "{}", got.text);
        // None is drawn silently where one was typed and is lost.
        assert!(got.text.contains("Type it again"), "{}", got.text);
        assert!(got.text.contains("name=\"shared_secret_typed\""), "{}", got.text);
        let roof = [("name", "Roof"), ("address", "192.0.2.11"), ("shared_secret", "")];
        let again = [roof.as_slice(), &[("shared_secret_typed", "yes")]].concat();
        let got = fixture.send("/access-points/_new", &again).await;
        assert_eq!(got.status, 422, "{}", got.text);
        assert!(got.text.contains("was typed before") && !got.text.contains("_typed\""));
        assert_eq!(fixture.get("/access-points/roof").await.status, 404);
        let got = fixture.send("/access-points/_new", &roof).await;
        assert!(got.status == 201 && got.text.contains("shown this once"), "{}", got.text);
        let got = fixture.send("/access-points/hall/rotate", &[]).await;
        assert!(got.status == 201 && !got.text.contains("canary"));
        let rules = fixture.app.snapshot.rules();
        let point = rules.access_point("192.0.2.10".parse().unwrap()).unwrap();
        assert!(got.text.contains(point.shared_secret.reveal()));
        assert_eq!(fixture.send("/access-points/nobody/rotate", &[]).await.status, 404);
    }

    #[tokio::test]
    async fn no_name_does_anything_to_a_page() {
        let fixture = Fixture::new().await;
        let name = "\"><script>alert(1)</script>\u{202e}gpj'&";
        fixture.device(json!({"name": name, "model": "<img src=x onerror=alert(1)>"})).await;
        let person = [("name", name), ("groups", "<script>alert(2)</script>")];
        assert_eq!(fixture.send("/people/_new", &person).await.status, 303);
        let certificate = fixture.issue("<script>alert(1)</script>").await;
        for path in [
            "/devices",
            "/people",
            "/certificates",
            &format!("/devices/{}", escaped(name)),
            &format!("/devices/{}/edit", escaped(name)),
            &format!("/people/{}", escaped(name)),
            &format!("/certificates/{}", certificate.serial),
            &format!("/devices?search={}", escaped(name)),
            &format!("/certificates?filter={}", escaped(HOSTILE)),
            &format!("/devices/{}", escaped(HOSTILE)),
            &format!("/people/{}", escaped(&"x".repeat(10_000))),
            "/search?text=%3Cscript%3E",
        ] {
            let got = fixture.get(path).await;
            assert!([200, 303, 400, 404].contains(&got.status), "{path}: {}", got.status);
        }
        let page = fixture.get(&format!("/devices/{}", escaped(name))).await;
        assert!(page.status == 200 && !page.text.contains("<img src=x"));
        let long = json!({"name": "long", "model": "x".repeat(256)});
        fixture.device(long).await;
        assert_eq!(fixture.get("/devices/long").await.status, 200);
    }
}
