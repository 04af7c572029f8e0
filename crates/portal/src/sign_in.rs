//! Signing in and out.

use std::sync::Arc;

use actions::organization::NotApplied;
use actions::password;
use actions::session;
use actions::session::Login;
use actions::session::Opened;
use actions::session::Place;
use actions::setup;
use askama::Template;
use axum::extract::Query;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::refusal::Refusal;
use domain::secret::Secret;
use serde::Deserialize;

use crate::entry::Why;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::guard;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::text;
use crate::url;
use crate::visitor::SignedIn;
use crate::visitor::Visitor;
use crate::visitor::Whence;

/// The page.
pub(crate) const PATH: &str = "/sign-in";

/// Where a password that somebody else set is changed.
const PASSWORD: &str = "/sign-in/password";

/// Takes a cookie from a browser.
const GONE: &str = "; Max-Age=0";

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    pages.get(PATH, Access::Public, show);
    pages.post(PATH, Access::Public, sign_in);
    pages.get(PASSWORD, Access::Public, show_password);
    pages.post(PASSWORD, Access::Public, replace);
    pages.post("/sign-out", Access::Public, sign_out);
}

/// What stands behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// Where somebody wanted to go.
    to: String,
}

#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
struct SignInPage {
    frame: Frame,
    to: String,
    name: String,
    wrong: Option<String>,
    /// Whether a code is asked for beside the password.
    needs_code: bool,
}

/// `GET /sign-in`
async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let to = url::own(&asked.to).to_owned();
    if visitor.actor.is_some() {
        return Ok(Redirect::to(&to).into_response());
    }
    if setup::is_open(&desk.app).await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    let frame = Frame::new(&desk, &visitor, text::t("sign_in.title"));
    let page = SignInPage { frame, to, name: String::new(), wrong: None, needs_code: false };
    Ok(fault::render(&page, StatusCode::OK))
}

/// `POST /sign-in`
async fn sign_in(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    before: Result<SignedIn, Fault>,
    Whence(place): Whence,
    posted: Posted,
) -> Result<Response, Fault> {
    let to = url::own(posted.text("to").unwrap_or("/")).to_owned();
    let login = login_of(&posted);
    let refusal = match session::log_in(&desk.app, &login, &place).await {
        Ok(opened) => {
            end_before(&desk, before).await?;
            return Ok(entered(&opened, &to));
        }
        Err(refusal) => refusal,
    };
    if let Refusal::PasswordDue { .. } = refusal {
        let frame = Frame::new(&desk, &visitor, text::t("sign_in.replace_title"));
        let needs_code = login.code.is_some();
        let page = PasswordPage { frame, to, name: login.name, wrong: Vec::new(), needs_code };
        return Ok(fault::render(&page, StatusCode::OK));
    }
    let is_asked = matches!(refusal, Refusal::CodeNeeded { .. });
    let is_wrong = matches!(refusal, Refusal::CodeWrong { .. });
    let needs_code = is_asked || is_wrong || login.code.is_some();
    let wrong = match is_asked {
        true => text::t("sign_in.code_needed").into_owned(),
        false => sentence(&refusal),
    };
    let frame = Frame::new(&desk, &visitor, text::t("sign_in.title"));
    let page = SignInPage { frame, to, name: login.name, wrong: Some(wrong), needs_code };
    let response = fault::render(&page, fault::status_of(&refusal));
    Ok(retry_after(response, &refusal))
}

fn login_of(posted: &Posted) -> Login {
    Login {
        name: posted.text("name").unwrap_or_default().to_owned(),
        password: posted.secret("password").unwrap_or_else(|| Secret::new("")),
        code: posted.secret("code"),
    }
}

fn sentence(refusal: &Refusal) -> String {
    let reason = refusal.reason();
    format!("{}; {}", reason.sentence, reason.fix)
}

/// Says when to come again.
fn retry_after(mut response: Response, refusal: &Refusal) -> Response {
    if let Refusal::LoginSlowed { seconds } = refusal {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

/// Ends the session that the browser had before: its cookie goes, and nobody could sign out of it.
async fn end_before(desk: &Desk, before: Result<SignedIn, Fault>) -> Result<(), Fault> {
    let Ok(SignedIn(before)) = before else { return Ok(()) };
    match session::again(&desk.app, &before).await {
        // A new password has ended it already, or there were too many.
        Err(Refusal::SessionOver) => Ok(()),
        Err(refusal) => Err(refusal.into()),
        Ok(before) => Ok(session::log_out(&desk.app, &before).await?),
    }
}

/// Gives the browser the session's cookie, and lets it go on.
pub(crate) fn entered(opened: &Opened, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let headers = response.headers_mut();
    guard::set_cookie(headers, guard::SESSION, opened.secret.reveal(), "");
    guard::set_cookie(headers, guard::VISITOR, "", GONE);
    response
}

#[derive(Template)]
#[template(path = "sign_in/password.html")]
struct PasswordPage {
    frame: Frame,
    to: String,
    name: String,
    wrong: Vec<String>,
    needs_code: bool,
}

/// `GET /sign-in/password`
async fn show_password(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let frame = Frame::new(&desk, &visitor, text::t("sign_in.replace_title"));
    let to = url::own(&asked.to).to_owned();
    let page = PasswordPage { frame, to, name: String::new(), wrong: Vec::new(), needs_code: true };
    fault::render(&page, StatusCode::OK)
}

/// `POST /sign-in/password`
async fn replace(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    before: Result<SignedIn, Fault>,
    Whence(place): Whence,
    posted: Posted,
) -> Result<Response, Fault> {
    let to = url::own(posted.text("to").unwrap_or("/")).to_owned();
    let login = login_of(&posted);
    let not_applied = match try_replace(&desk, &login, &place, &posted).await {
        Ok(opened) => {
            end_before(&desk, before).await?;
            return Ok(entered(&opened, &to));
        }
        Err(not_applied) => not_applied,
    };
    let refusal = not_applied.refusal();
    let why = Why::of(not_applied)?;
    let frame = Frame::new(&desk, &visitor, text::t("sign_in.replace_title"));
    let complaints = why.complaints.iter().map(|it| format!("{}; {}", it.what, it.fix));
    let wrong = why.wrong.iter().cloned().chain(complaints).collect();
    let page = PasswordPage { frame, to, name: login.name, wrong, needs_code: true };
    let response = fault::render(&page, fault::status_of(&refusal));
    Ok(retry_after(response, &refusal))
}

async fn try_replace(
    desk: &Desk,
    login: &Login,
    place: &Place,
    posted: &Posted,
) -> Result<Opened, NotApplied> {
    let new = new_password(posted)?;
    password::replace(&desk.app, login, &new, place).await
}

/// The new password of a form, which has it twice.
pub(crate) fn new_password(posted: &Posted) -> Result<Secret, NotApplied> {
    let [new, again] = ["new", "again"].map(|name| posted.secret(name));
    let new = new.unwrap_or_else(|| Secret::new(""));
    if again.as_ref() == Some(&new) {
        return Ok(new);
    }
    let what = text::t("sign_in.not_the_same").into_owned();
    let fix = text::t("sign_in.not_the_same_fix").into_owned();
    Err(NotApplied::Complaints(vec![domain::complaint::Complaint::new("again", what, fix)]))
}

/// `POST /sign-out`
async fn sign_out(
    State(desk): State<Arc<Desk>>,
    present: Result<SignedIn, Fault>,
    _: Posted,
) -> Result<Response, Fault> {
    if let Ok(SignedIn(present)) = present {
        session::log_out(&desk.app, &present).await?;
    }
    let mut response = Redirect::to(PATH).into_response();
    guard::set_cookie(response.headers_mut(), guard::SESSION, "", GONE);
    Ok(response)
}
