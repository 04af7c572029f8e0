//! Who may come in: the first owner with the code that the server prints, administrators with
//! their roles, tokens with their bounds, and everybody else refused, with a reason and an event.

use serde_json::Value;
use serde_json::json;
use tests::api;
use tests::api::Api;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::outcome::Outcome;
use tests::patience;
use tests::program;
use tests::stranger;
use tests::stranger::shown;

/// A laboratory without administrators, served.
#[track_caller]
fn empty() -> Lab {
    let mut lab = Lab::empty();
    lab.serve();
    lab
}

/// Makes a token at the command line; it comes back with its id.
#[track_caller]
fn token<const N: usize>(lab: &Lab, name: &str, more: [&str; N]) -> (String, String) {
    let mut command = program::command();
    lab.place(command.args(["token", "add", name, "--json"]).args(more));
    let made = outcome::run(&mut command).succeeded().json();
    (json::text(&made, "/secret").to_owned(), json::text(&made, "/id").to_owned())
}

/// Runs a command with these last arguments and no data directory.
#[track_caller]
fn elsewhere(arguments: &[&str]) -> Outcome {
    let directory = tests::directory::Directory::fresh();
    let mut command = program::command();
    outcome::run(command.current_dir(directory.path()).args(arguments))
}

#[test]
fn the_set_up_code_makes_the_first_owner_once() {
    let mut lab = empty();
    let first = lab.server().set_up_code.clone().expect("a code is printed");
    let groups: Vec<&str> = first.split('-').collect();
    assert!(groups.len() == 4 && groups.iter().all(|group| group.len() == 4), "{first}");
    assert_eq!(lab.server().printed.last().map(String::as_str), Some("ready"));
    lab.stop();
    // Nobody used it: the next start has another.
    lab.serve();
    let code = lab.server().set_up_code.clone().expect("another code is printed");
    assert_ne!(code, first);
    let nobody = Api::of_nobody(&lab);
    let order = |code: &str, name: &str| json!({ "code": code, "name": name });
    let setup = |body: &Value| nobody.post("/api/v1/setup", body);
    setup(&order("ABCD-EFGH-JKMN-PQRS", "Eve")).refused(403, "API-SETUP-CODE");
    setup(&order("", "Eve")).refused(403, "API-SETUP-CODE");
    let wrong = setup(&order(&code, "")).refused(422, "API-DOCUMENT");
    assert_eq!(json::text(&wrong, "/complaints/0/path"), "name", "{wrong:#}");
    // Small letters and spaces do not count: people read it out.
    let told = json!({
        "code": code.to_lowercase().replace('-', " "), "name": "Ann", "email": "ann@example.org",
    });
    let done = setup(&told).made();
    assert_eq!(done["administrator"]["role"], "owner", "{done:#}");
    let secret = json::text(&done, "/token/secret").to_owned();
    assert!(secret.starts_with("sct_"), "{done:#}");
    for code in [&code, &first] {
        setup(&order(code, "Eve")).refused(403, "API-SETUP-CODE");
    }
    let me = nobody.with_token(&secret).get("/api/v1/me").done();
    assert_eq!((&me["administrator"], &me["role"]), (&json!("Ann"), &json!("owner")), "{me:#}");
    let event = lab.refusals("API-SETUP-CODE", 4);
    assert_eq!(json::text(&event, "/kind"), "api.refused", "{event:#}");
    assert_eq!(json::text(&event, "/address"), "127.0.0.1", "{event:#}");
    for secret in [&secret, &code, &first, &code.replace('-', "")] {
        api::assert_nowhere(&lab, secret);
    }
    lab.stop();
    lab.serve();
    assert_eq!(lab.server().set_up_code, None);
    api::assert_nowhere(&lab, &secret);
}

#[test]
fn an_administrator_of_the_command_line_needs_no_code() {
    let mut lab = Lab::unserved(guide::GUIDE);
    lab.ask(["administrator", "add", "Ann", "--role", "owner"]).succeeded().says("token add");
    lab.serve();
    assert_eq!(lab.server().set_up_code, None);
}

#[test]
fn a_role_decides_and_changes_at_once() {
    let lab = Lab::of_guide();
    lab.ask(["administrator", "add", "Ann", "--role", "owner"]).succeeded();
    let email = ["administrator", "add", "Vera", "--role", "auditor", "--email", "v@example.org"];
    let made = lab.ask(email).succeeded();
    assert!(made.stdout.contains("Vera"), "{}", made.stdout);
    let (secret, _) = token(&lab, "laptop", ["--administrator", "Vera"]);
    let vera = Api::of_nobody(&lab).with_token(&secret);
    let jamf = json!({ "name": "Jamf", "vendor": "jamf" });
    let refused = vera.post("/api/v1/gateways", &jamf).refused(403, "API-NOT-PERMITTED");
    assert!(json::text(&refused, "/detail").contains("pki-change"), "{refused:#}");
    vera.get("/api/v1/administrators").done();
    vera.get("/api/v1/gateways").done();
    lab.ask(["administrator", "edit", "Vera", "--role", "pki-operator"]).succeeded();
    vera.post("/api/v1/gateways", &jamf).made();
    vera.get("/api/v1/administrators").refused(403, "API-NOT-PERMITTED");
    lab.ask(["administrator", "edit", "Vera", "--disabled", "true"]).succeeded();
    vera.get("/api/v1/gateways").refused(403, "API-ADMINISTRATOR-DISABLED");
    lab.ask(["administrator", "edit", "Vera", "--disabled", "false"]).succeeded();
    vera.get("/api/v1/gateways").done();
    lab.ask(["administrator", "remove", "Vera"]).succeeded();
    vera.get("/api/v1/gateways").refused(401, "API-TOKEN-UNKNOWN");
    // Both ways of the change are told, and by whom.
    let history = lab.ask(["administrator", "history", "Vera", "--json"]).succeeded().json();
    let actors: Vec<&str> =
        json::list(&history, "/items").iter().map(|one| json::text(one, "/actor")).collect();
    assert!(actors.iter().any(|actor| actor.starts_with("administrator uid ")), "{history:#}");
    let gateway = lab.ask(["gateway", "history", "Jamf", "--json"]).succeeded().json();
    assert!(json::text(&gateway, "/items/0/actor").contains("Vera"), "{gateway:#}");
    let refusal = lab.refusal("API-NOT-PERMITTED");
    assert_eq!(json::text(&refusal, "/kind"), "api.refused", "{refusal:#}");
    assert!(json::text(&refusal, "/actor").contains("Vera"), "{refusal:#}");
    let first = lab.refusal("API-ADMINISTRATOR-DISABLED");
    assert_eq!(json::text(&first, "/address"), "127.0.0.1", "{first:#}");
    api::assert_nowhere(&lab, &secret);
}

#[test]
fn a_token_is_shown_once_and_keeps_to_its_scopes_and_addresses() {
    let lab = Lab::of_guide();
    lab.ask(["administrator", "add", "Ann", "--role", "owner"]).succeeded();
    let nobody = Api::of_nobody(&lab);
    let scoped = ["--administrator", "Ann", "--scope", "organization-read", "--days", "30"];
    let (secret, id) = token(&lab, "terraform", scoped);
    let api = nobody.with_token(&secret);
    let policies = api.get("/api/v1/network-policies");
    policies.done();
    // How often it may ask is told with each answer.
    assert_eq!(policies.answer.header("ratelimit-policy"), "\"minute\";q=6000;w=60");
    assert!(policies.answer.header("ratelimit").starts_with("\"minute\";r=59"));
    api.get("/api/v1/certificates").refused(403, "API-NOT-PERMITTED");
    let wider = json!({ "name": "wider", "scopes": ["certificate-read"] });
    api.post("/api/v1/tokens", &wider).refused(403, "API-NOT-PERMITTED");
    let known = lab.ask(["token", "show", &id, "--json"]).succeeded();
    assert!(!known.stdout.contains(&secret), "{}", known.stdout);
    let known = known.json();
    assert_eq!(known["scopes"], json!(["organization-read"]), "{known:#}");
    assert!(!json::text(&known, "/last_used_at").is_empty(), "{known:#}");
    assert!(json::text(&known, "/expires_at") > json::text(&known, "/created_at"), "{known:#}");
    lab.ask(["token", "list"]).succeeded().says("terraform").says("organization-read");

    let here = ["--administrator", "Ann", "--address", "127.0.0.1", "--address", "192.0.2.0/24"];
    let (here, _) = token(&lab, "here", here);
    nobody.with_token(&here).get("/api/v1/me").done();
    let (away, _) = token(&lab, "away", ["--administrator", "Ann", "--address", "192.0.2.0/24"]);
    nobody.with_token(&away).get("/api/v1/me").refused(403, "API-TOKEN-ELSEWHERE");
    let refusal = lab.refusal("API-TOKEN-ELSEWHERE");
    assert_eq!(json::text(&refusal, "/address"), "127.0.0.1", "{refusal:#}");

    lab.ask(["token", "remove", &id]).succeeded();
    api.get("/api/v1/network-policies").refused(401, "API-TOKEN-UNKNOWN");
    lab.ask(["token", "show", &id]).refused().complains("API-NOT-FOUND");
    let wrong = lab.ask(["token", "add", "x", "--administrator", "Ann", "--days", "400", "--json"]);
    let wrong = wrong.refused().json();
    assert_eq!(json::text(&wrong, "/complaints/0/field"), "days", "{wrong:#}");
    for secret in [&secret, &here, &away] {
        api::assert_nowhere(&lab, secret);
    }
}

#[test]
fn who_is_not_known_is_told_how_to_prove_it() {
    let lab = empty();
    let nobody = Api::of_nobody(&lab);
    let refused = nobody.get("/api/v1/gateways");
    refused.refused(401, "API-UNAUTHENTICATED");
    assert_eq!(refused.answer.header("www-authenticate"), "Bearer");
    let wrong = "sct_aaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for token in ["x", "sct_", wrong] {
        let refused = nobody.with_token(token).get("/api/v1/gateways");
        refused.refused(401, "API-TOKEN-UNKNOWN");
        assert_eq!(refused.answer.header("www-authenticate"), "Bearer");
    }
    let event = lab.refusals("API-TOKEN-UNKNOWN", 3);
    assert_eq!(json::text(&event, "/kind"), "api.refused", "{event:#}");
    assert_eq!(json::text(&event, "/address"), "127.0.0.1", "{event:#}");
    let found = lab.ask(["event", "list", "--filter", "kind:api.refused", "--json"]).succeeded();
    assert_eq!(json::list(&found.json(), "/items").len(), 3, "{}", found.stdout);
    api::assert_nowhere(&lab, wrong);
    // A secret that is repeated under a key is given out again, and kept nowhere in the clear.
    let owner = Api::of_first_owner(&lab);
    let order = json!({ "name": "twice" }).to_string();
    let again = || {
        let more = ["--json", &order, "--header", "Idempotency-Key: one"];
        owner.ask("POST", "/api/v1/tokens", &more).made()
    };
    let first = again();
    assert_eq!(again(), first);
    api::assert_nowhere(&lab, json::text(&first, "/secret"));
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let mut lab = Lab::empty();
    let config = lab.directory.write("settings.toml", "[api]\nrequests_per_minute = 3\n");
    lab.serve_with(["--config", shown(&config)]);
    let owner = Api::of_first_owner(&lab);
    let refused = patience::until(|| {
        let reply = owner.get("/api/v1/me");
        (reply.answer.status != 200).then_some(reply)
    });
    let refused = refused.expect("three a minute are not without end");
    refused.refused(429, "API-RATE-LIMIT");
    let seconds = refused.answer.header("retry-after").parse::<u64>();
    assert!(seconds.is_ok_and(|seconds| (1..=20).contains(&seconds)), "{}", refused.answer.head);
    assert_eq!(refused.answer.header("ratelimit-policy"), "\"minute\";q=3;w=60");
    assert!(refused.answer.header("ratelimit").starts_with("\"minute\";r=0;t="));
    // The machine itself is not counted.
    for _ in 0..5 {
        lab.ask(["administrator", "list"]).succeeded().says("Ann");
    }
    lab.stop();
    lab.serve();
    for _ in 0..5 {
        owner_again(&lab, &owner).get("/api/v1/me").done();
    }
}

/// The same person at the server as it is after a restart.
fn owner_again(lab: &Lab, owner: &Api) -> Api {
    Api { base: format!("https://{}", lab.server().https), ..owner.clone() }
}

#[test]
fn the_last_owner_stays() {
    let lab = empty();
    lab.ask(["administrator", "add", "Ann", "--role", "owner"]).succeeded();
    lab.ask(["administrator", "add", "Ben", "--role", "helpdesk"]).succeeded();
    let (secret, _) = token(&lab, "laptop", ["--administrator", "Ann"]);
    let ann = Api::of_nobody(&lab).with_token(&secret);
    for change in [
        ["administrator", "edit", "Ann", "--role", "auditor", "--json"],
        ["administrator", "edit", "Ann", "--disabled", "true", "--json"],
    ] {
        let refused = lab.ask(change).refused().json();
        assert_eq!(json::text(&refused, "/code"), "API-LAST-OWNER", "{refused:#}");
    }
    lab.ask(["administrator", "remove", "Ann"]).refused().complains("API-LAST-OWNER");
    let path = "/api/v1/administrators/Ann";
    ann.ask("DELETE", path, &[]).refused(409, "API-LAST-OWNER");
    lab.ask(["administrator", "edit", "Ben", "--role", "owner"]).succeeded();
    ann.ask("DELETE", path, &[]).with_status(204);
    ann.get("/api/v1/me").refused(401, "API-TOKEN-UNKNOWN");
    // What came through the socket is told with the user of the machine.
    let event = lab.event("Ben was changed", |event| {
        json::text(event, "/object") == "administrator:Ben"
            && json::text(event, "/kind") == "object.changed"
    });
    assert!(json::text(&event, "/actor").starts_with("administrator uid "), "{event:#}");
}

#[test]
fn a_command_from_elsewhere_says_what_it_lacks() {
    let lab = Lab::of_guide();
    let api = Api::of_first_owner(&lab);
    let list = ["gateway", "list"];
    let with = |more: &[&str]| elsewhere(&[list.as_slice(), more].concat());
    with(&api.arguments()).succeeded().says("Mosyle");
    let ca = shown(&api.ca);
    with(&["--server", &api.base, "--ca", ca]).ended_with(2).complains("--token");
    let plain = format!("http://{}", lab.server().http);
    let refused = with(&["--server", &plain, "--token", &api.token, "--ca", ca]).refused();
    refused.complains("https://");
    let foreign = stranger::foreign_root(&lab.directory);
    let other = ["--server", &api.base, "--token", &api.token, "--ca", shown(&foreign)];
    let refused = with(&other).refused().complains("does not answer");
    let words = refused.stderr.to_lowercase();
    assert!(words.contains("certificate"), "{}", refused.stderr);
    // Without --ca, the system does not know our certificate.
    with(&["--server", &api.base, "--token", &api.token]).refused().complains("ertificate");
    let key = lab.directory.file("foreign-root.key");
    let no_certificate = ["--server", &api.base, "--token", &api.token, "--ca", shown(&key)];
    with(&no_certificate).refused().complains("is not a certificate in PEM");
    let nowhere = ["--server", &api.base, "--token", &api.token, "--ca", "nowhere.pem"];
    with(&nowhere).refused().complains("nowhere.pem cannot be read");
    let stranger = ["--server", &api.base, "--token", "sct_x", "--ca", ca, "--json"];
    let refused = with(&stranger).refused();
    assert_eq!(json::text(&refused.json(), "/code"), "API-TOKEN-UNKNOWN");
    let closed = ["--server", "https://127.0.0.1:1", "--token", &api.token, "--ca", ca, "--json"];
    let refused = with(&closed).refused();
    let told = refused.json();
    assert!(json::text(&told, "/detail").contains("https://127.0.0.1:1"), "{told:#}");
    assert_eq!((&told["code"], &told["complaints"]), (&Value::Null, &json!([])));
    // A server is no place to serve from.
    let serve = ["serve", "--server", &api.base, "--token", &api.token];
    elsewhere(&serve).refused().complains("--data");
    for outcome in [&refused, &with(&other)] {
        assert!(!outcome.stderr.contains(&api.token), "{}", outcome.stderr);
    }
    // The token may come from the environment, which others on the machine do not see.
    let mut command = program::command();
    command.args(list).args(["--server", &api.base, "--ca", ca]);
    command.env("SAFECONDUCT_TOKEN", &api.token);
    outcome::run(&mut command).succeeded().says("Mosyle");
}
