//! schemathesis, which others wrote, asks everything that the API's description allows and much that
//! it forbids: every answer is as described, what is forbidden is refused, nothing breaks.

use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::stranger;
use tests::stranger::shown;

/// What could take away the token that is asked with, and is asked at last.
const ABOUT_ONESELF: [&str; 3] = [
    "DELETE /api/v1/tokens/{id}",
    "DELETE /api/v1/administrators/{name}",
    "PATCH /api/v1/administrators/{name}",
];

/// An answer without an end, for which the asker would wait in vain; the tests of `event follow` and
/// of the API's own read it.
const ENDLESS: &str = "GET /api/v1/events/stream";

/// What every answer is held against.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance,response_headers_conformance,negative_data_rejection,\
    missing_required_header,unsupported_method,allow_header_conformance";

/// What is asked without a token and with a wrong one too. Few, because whoever guesses is soon told
/// to wait; tests of the API's own ask all of it without a token.
const GUESSED: [&str; 3] = ["organization", "devices", "gateways"];

#[test]
fn every_answer_of_the_api_is_as_described() {
    // As often as it likes: how often one may ask has tests of its own.
    let mut lab = Lab::configured("[api]\nrequests_per_minute = 0\n");
    lab.apply(guide::GUIDE, ["--secrets", shown(&lab.csv())]).succeeded();
    lab.serve();
    lab.ask(["administrator", "add", "Ann", "--role", "owner"]).succeeded();
    let ask = ["token", "add", "schemathesis", "--administrator", "Ann", "--json"];
    let made = lab.ask(ask).succeeded().json();
    let token = json::text(&made, "/secret");

    let ask = |arguments: &[&str]| {
        let address = &lab.server().https;
        stranger::schemathesis(lab.directory.path(), address, token, arguments);
    };
    let with = |name: &'static str| ABOUT_ONESELF.into_iter().flat_map(move |one| [name, one]);
    let others: Vec<&str> = with("--exclude-name").chain(["--exclude-name", ENDLESS]).collect();
    let oneself: Vec<&str> = with("--include-name").collect();
    let checks = ["run", "--checks", CHECKS];
    let coverage = ["--phases", "coverage"];
    ask(&[&checks[..], &coverage, &others].concat());
    let drawn = ["--phases", "fuzzing", "--max-examples", "2"];
    ask(&[&checks[..], &drawn, &others].concat());
    let guess = ["run", "--checks", "ignored_auth", "--phases", "fuzzing", "--max-examples", "1"];
    let some = GUESSED.into_iter().flat_map(|noun| ["--include-tag", noun]);
    ask(&[&guess[..], &some.collect::<Vec<_>>()].concat());
    ask(&[&checks[..], &coverage, &oneself].concat());

    lab.ask(["audit", "verify"]).succeeded();
    lab.stop();
}
