//! One's own account: password, one-time codes, recovery codes.

use std::sync::Arc;

use actions::administrator;
use actions::password;
use actions::session;
use actions::session::Present;
use actions::totp;
use actions::totp::Offer;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::administrator::Administrator;
use domain::credential::Shown;
use domain::refusal::Refusal;
use domain::secret::Secret;
use qrcode::Color;
use qrcode::EcLevel;
use qrcode::QrCode;

use crate::entry::Why;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::sign_in;
use crate::text;
use crate::url;
use crate::visitor::SignedIn;
use crate::visitor::Visitor;

/// The page.
const PATH: &str = "/account";

/// Light squares around the picture, which readers need (ISO/IEC 18004, 9.1).
const QUIET: usize = 4;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    pages.get(PATH, Access::Known, show);
    pages.post("/account/password", Access::Known, change_password);
    pages.proven("/account/totp", Access::Known, offer);
    pages.post("/account/totp/code", Access::Known, enroll);
    pages.proven("/account/totp/remove", Access::Known, remove);
    pages.proven("/account/recovery-codes", Access::Known, renew_codes);
}

#[derive(Template)]
#[template(path = "account/account.html")]
struct AccountPage {
    frame: Frame,
    administrator: Administrator,
    shown: Shown,
    wrong: Vec<String>,
}

/// `GET /account`
async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    SignedIn(present): SignedIn,
) -> Result<Response, Fault> {
    page(&desk, &visitor, &present, (Vec::new(), StatusCode::OK)).await
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    present: &Present,
    (wrong, status): (Vec<String>, StatusCode),
) -> Result<Response, Fault> {
    let name = &present.session.administrator;
    let administrator = administrator::show(&desk.app, &present.actor, name).await?;
    let shown = totp::show(&desk.app, &present.actor, name).await?;
    let frame = Frame::new(desk, visitor, text::t("account.title"));
    Ok(fault::render(&AccountPage { frame, administrator, shown, wrong }, status))
}

/// `POST /account/password`
async fn change_password(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    SignedIn(present): SignedIn,
    posted: Posted,
) -> Result<Response, Fault> {
    let old = posted.secret("password").unwrap_or_else(|| Secret::new(""));
    let changed = match sign_in::new_password(&posted) {
        Ok(new) => password::change(&desk.app, &present, &old, &new).await,
        Err(wrong) => Err(wrong),
    };
    let Err(not_applied) = changed else {
        return Ok(Redirect::to("/account?done=password").into_response());
    };
    let status = fault::status_of(&not_applied.refusal());
    let Why { complaints, wrong } = Why::of(not_applied)?;
    let complaints = complaints.iter().map(|it| format!("{}; {}", it.what, it.fix));
    let wrong = wrong.into_iter().chain(complaints).collect();
    page(&desk, &visitor, &present, (wrong, status)).await
}

#[derive(Template)]
#[template(path = "account/totp.html")]
struct TotpPage {
    frame: Frame,
    offer: Offer,
    /// The picture.
    qr: Picture,
    wrong: Option<String>,
    /// Where it leads when it is done.
    to: String,
}

/// A picture of squares.
struct Picture {
    /// Squares a side, with the quiet ones around.
    size: usize,
    /// Where the dark ones are, as a path of SVG.
    path: String,
}

impl Picture {
    /// The picture of a text; nothing to see if it is too long for one.
    fn of(text: &Secret) -> Self {
        let code = QrCode::with_error_correction_level(text.reveal(), EcLevel::M);
        let Ok(code) = code else { return Self { size: 1, path: String::new() } };
        let width = code.width();
        let colors = code.into_colors();
        let rows = colors.chunks(width.max(1)).enumerate();
        let dark = rows.flat_map(|(row, colors)| {
            let dark = colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
            dark.map(move |(column, _)| format!("M{} {}h1v1h-1z", column + QUIET, row + QUIET))
        });
        Self { size: width + 2 * QUIET, path: dark.collect() }
    }
}

/// `POST /account/totp`: shows a secret; a code proves that an app has it.
async fn offer(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    SignedIn(present): SignedIn,
    posted: Posted,
) -> Result<Response, Fault> {
    let present = session::again(&desk.app, &present).await?;
    let offer = totp::offer(&desk.app, &present).await?;
    let to = posted.text("to").map_or(PATH, url::own).to_owned();
    Ok(totp_page(&desk, &visitor, offer, (to, None)))
}

fn totp_page(
    desk: &Desk,
    visitor: &Visitor,
    offer: Offer,
    (to, wrong): (String, Option<&Refusal>),
) -> Response {
    let status = wrong.map_or(StatusCode::OK, fault::status_of);
    let wrong = wrong.map(|refusal| {
        let reason = refusal.reason();
        format!("{}; {}", reason.sentence, reason.fix)
    });
    let frame = Frame::new(desk, visitor, text::t("account.totp_title"));
    let qr = Picture::of(&offer.uri);
    fault::render(&TotpPage { frame, offer, qr, wrong, to }, status)
}

#[derive(Template)]
#[template(path = "account/codes.html")]
struct CodesPage {
    frame: Frame,
    codes: Vec<Secret>,
    to: String,
}

/// `POST /account/totp/code`
async fn enroll(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    SignedIn(present): SignedIn,
    posted: Posted,
) -> Result<Response, Fault> {
    let code = posted.secret("code").unwrap_or_else(|| Secret::new(""));
    let to = posted.text("to").map_or(PATH, url::own).to_owned();
    let refusal = match totp::enroll(&desk.app, &present, &code).await {
        Ok(codes) => return Ok(codes_page(&desk, &visitor, codes, to)),
        Err(refusal) => refusal,
    };
    match totp::offered(&desk.app, &present).await? {
        Some(offer) => Ok(totp_page(&desk, &visitor, offer, (to, Some(&refusal)))),
        None => Err(refusal.into()),
    }
}

fn codes_page(desk: &Desk, visitor: &Visitor, codes: Vec<Secret>, to: String) -> Response {
    let frame = Frame::new(desk, visitor, text::t("account.codes_title"));
    fault::render(&CodesPage { frame, codes, to }, StatusCode::OK)
}

/// `POST /account/totp/remove`
async fn remove(
    State(desk): State<Arc<Desk>>,
    SignedIn(present): SignedIn,
    _: Posted,
) -> Result<Response, Fault> {
    let present = session::again(&desk.app, &present).await?;
    totp::remove(&desk.app, &present).await?;
    Ok(Redirect::to("/account?done=totp_removed").into_response())
}

/// `POST /account/recovery-codes`
async fn renew_codes(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    SignedIn(present): SignedIn,
    _: Posted,
) -> Result<Response, Fault> {
    let present = session::again(&desk.app, &present).await?;
    let codes = totp::renew_codes(&desk.app, &present).await?;
    Ok(codes_page(&desk, &visitor, codes, PATH.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_three_corners() {
        let picture = Picture::of(&Secret::new("otpauth://totp/A:B?secret=GEZDGNBV"));
        assert!(picture.size > 21 + 2 * QUIET, "{}", picture.size);
        for corner in [(QUIET, QUIET), (picture.size - QUIET - 7, QUIET)] {
            assert!(picture.path.contains(&format!("M{} {}h1", corner.0, corner.1)), "{corner:?}");
        }
        assert_eq!(Picture::of(&Secret::new("x".repeat(8000))).path, "");
    }
}
