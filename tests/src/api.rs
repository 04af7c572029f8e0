//! The API over HTTPS, asked with `curl` as an administrator's scripts do.

use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use crate::directory;
use crate::http;
use crate::http::Answer;
use crate::json;
use crate::lab::Lab;
use crate::outcome;
use crate::stranger;
use crate::stranger::shown;

/// Somebody who asks over HTTPS.
#[derive(Clone, Debug)]
pub struct Api {
    /// What URLs begin with.
    pub base: String,
    /// What the server's certificate must lead to.
    pub ca: PathBuf,
    /// What proves who asks.
    pub token: String,
}

impl Api {
    /// Somebody without a token, who has the certificate of the server from the machine itself.
    #[track_caller]
    pub fn of_nobody(lab: &Lab) -> Self {
        let listed = lab.certificates();
        let own = listed.iter().find(|one| json::text(one, "/usage") == "portal");
        let own = own.expect("HTTPS has a certificate");
        let serial = json::text(own, "/serial");
        let certificate = lab.ask(["certificate", "show", serial, "--json"]).succeeded().json();
        let pem = match json::text(own, "/authority") {
            // It signed itself.
            "https" => json::text(&certificate, "/pem").to_owned(),
            authority => {
                let slug = authority.to_lowercase().replace(' ', "-");
                let answer = http::get(&lab.server().http, &format!("/ca/{slug}.pem"));
                assert_eq!(answer.status, 200, "{slug}");
                String::from_utf8(answer.body).expect("PEM is text")
            }
        };
        let ca = lab.directory.write("https.pem", &pem);
        Self { base: format!("https://{}", lab.server().https), ca, token: String::new() }
    }

    /// The first owner, who had the set-up code.
    #[track_caller]
    pub fn of_first_owner(lab: &Lab) -> Self {
        let nobody = Self::of_nobody(lab);
        let code = lab.server().set_up_code.clone().expect("a set-up code was printed");
        let done = nobody.post("/api/v1/setup", &json!({ "code": code, "name": "Ann" }));
        let done = done.made();
        nobody.with_token(json::text(&done, "/token/secret"))
    }

    /// The same server with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Asks with `curl`, and further arguments for it.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, more: &[&str]) -> Reply {
        let mut command = stranger::curl();
        command.args(["--request", method, "--cacert", shown(&self.ca)]);
        if !self.token.is_empty() {
            command.args(["--header", &format!("Authorization: Bearer {}", self.token)]);
        }
        command.args(more).arg(format!("{}{path}", self.base));
        let answer = http::read(outcome::run(&mut command).succeeded().bytes.as_slice());
        Reply { asked: format!("{method} {path}"), answer }
    }

    /// `GET`
    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[])
    }

    /// `POST`
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, &["--json", &body.to_string()])
    }

    /// What the command line needs to ask the same: `--server`, `--token`, `--ca`.
    #[track_caller]
    pub fn arguments(&self) -> [&str; 6] {
        ["--server", &self.base, "--token", &self.token, "--ca", shown(&self.ca)]
    }
}

/// An answer of the API, and what it answers.
#[derive(Debug)]
pub struct Reply {
    asked: String,
    /// What came back.
    pub answer: Answer,
}

impl Reply {
    /// The body, as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.answer.body);
        assert!(parsed.is_ok(), "no JSON: {}: {}", self.asked, self.answer.text());
        parsed.unwrap_or_default()
    }

    /// Asserts the status; returns the body.
    #[track_caller]
    pub fn with_status(&self, status: u16) -> Value {
        let Self { asked, answer } = self;
        assert_eq!(answer.status, status, "{asked}: {}{}", answer.head, answer.text());
        if answer.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Asserts a yes that made something; returns the body.
    #[track_caller]
    pub fn made(&self) -> Value {
        self.with_status(201)
    }

    /// Asserts a yes; returns the body.
    #[track_caller]
    pub fn done(&self) -> Value {
        self.with_status(200)
    }

    /// Asserts a no with a status and a code, as a problem document with a sentence and a fix.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.with_status(status);
        let kind = self.answer.header("content-type");
        assert_eq!(kind, "application/problem+json", "{}", self.asked);
        assert_eq!(json::text(&problem, "/code"), code, "{}: {problem:#}", self.asked);
        assert_eq!(json::at(&problem, "/status").as_u64(), Some(u64::from(status)));
        for words in ["/detail", "/fix"] {
            assert!(json::text(&problem, words).len() > 10, "{}: {problem:#}", self.asked);
        }
        problem
    }
}

/// Asserts that a secret is in no file of a laboratory's data, in no log, and in nothing that the
/// server printed.
#[track_caller]
pub fn assert_nowhere(lab: &Lab, secret: &str) {
    assert!(secret.len() > 10, "\"{secret}\" is no secret");
    for (path, bytes) in directory::contents(&lab.data()) {
        assert!(!directory::holds(&bytes, secret), "{} holds {secret}", path.display());
    }
    let log = directory::text(&lab.directory.file("serve.log"));
    assert!(!log.contains(secret), "the log holds {secret}");
}
