//! `/api/v1/certificates`

use std::sync::Arc;

use actions::App;
use actions::certificate::revocation;
use actions::certificate::revocation::Change;
use actions::certificate::revocation::Sweep;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::certificate::Chosen;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::certificate::search::Field;
use domain::certificate::search::Name;
use domain::certificate::search::Search;
use domain::certificate::search::Start;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::taken::Taken;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The `next` of another page.
    pub cursor: Option<String>,
    /// Most items; 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    pub limit: Option<u32>,
}

/// Which certificates, and which page of their list. Of the first four, one is given at most: the
/// list is ordered by it, and by serial number where it is the same. Without, the newest are first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// What the serial number begins with, in hexadecimal digits.
    pub serial: Option<String>,
    /// What the subject begins with, whatever the case of its letters.
    pub subject: Option<String>,
    /// What the device's name begins with.
    pub device: Option<String>,
    /// What the person's e-mail address or principal name begins with.
    pub person: Option<String>,
    /// Where they stand.
    pub status: Option<String>,
    /// The name of the authority that signed them.
    pub authority: Option<String>,
    /// The name of the gateway that they were asked for at.
    pub gateway: Option<String>,
    /// The same in the language of filters: `status:issued subject:CN=a*`.
    pub filter: Option<String>,
    /// In which order: `newest` first, or by serial, subject, device or person.
    pub sort: Option<String>,
    /// The `next` of another page of the same list.
    pub cursor: Option<String>,
    /// Most items; 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    pub limit: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Deserialize, Serialize)]
pub struct Page<T> {
    /// What is on it, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// A certificate with its bytes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertificateShown)]
pub struct Shown {
    /// What is known of it.
    #[serde(flatten)]
    pub certificate: Certificate,
    /// The certificate itself, PEM; null while it is only intended.
    pub pem: Option<String>,
}

/// Why a certificate is to be revoked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// A reason of RFC 5280, 5.3.1.
    pub reason: RevocationReason,
}

/// Certificates of devices that are chosen together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Those of this device; of the four, one is given.
    pub device: Option<String>,
    /// Those of this person's devices.
    pub person: Option<String>,
    /// Those that were asked for at this gateway.
    pub gateway: Option<String>,
    /// Those that this authority signed.
    pub authority: Option<String>,
    /// Why they are to be revoked (RFC 5280, 5.3.1); certificateHold puts them on hold.
    pub reason: Option<RevocationReason>,
    /// Most certificates that are meant, where it is more than goes without saying; needed to go
    /// on without being counted again.
    pub confirm: Option<u64>,
    /// The `next` of another answer.
    pub after: Option<String>,
    /// Only count them.
    #[serde(default)]
    pub dry_run: bool,
}

/// What was done to the chosen certificates.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Swept {
    /// How many were chosen; null where an answer goes on.
    pub count: Option<u64>,
    /// The numbers of those that changed.
    pub changed: Vec<Serial>,
    /// Where to go on; null when all is done.
    pub next: Option<Serial>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let read = Permission::CertificateRead;
    let list =
        Operation::get("/api/v1/certificates", "List certificates, newest first").needs(read);
    table.add(list.query::<ListQuery>().lists::<Certificate>(), self::list);
    let one = "/api/v1/certificates/{serial}";
    let show = Operation::get(one, "Show one certificate").needs(read);
    table.add(show.answers::<Shown>(), self::show);
    let change = |verb: &str, summary: &str| {
        let path = format!("/api/v1/certificates/{{serial}}/{verb}");
        let change = Operation::post(path, summary).needs(Permission::CertificateRevoke);
        change.answers::<Certificate>()
    };
    table.add(change("revoke", "Revoke a certificate").takes::<Revocation>(), revoke);
    table.add(change("hold", "Put a certificate on hold"), hold);
    table.add(change("release", "Take a certificate off hold"), release);
    let sweep = |verb: &str, summary: &str| {
        let path = format!("/api/v1/certificates/{verb}");
        let sweep = Operation::post(path, summary).needs(Permission::CertificateRevokeMany);
        sweep.takes::<Choice>().answers::<Swept>()
    };
    table.add(sweep("revoke", "Revoke the certificates that are chosen together"), revoke_chosen);
    table.add(sweep("release", "Take those that are chosen together off hold"), release_chosen);
}

/// `GET /api/v1/certificates`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<Certificate>>, Problem> {
    let Query(query) = query?;
    let search = query.search()?;
    let page = (query.cursor.as_deref(), query.limit.unwrap_or(PAGE_DEFAULT));
    let page = actions::certificate::list(&app, &actor, &search, page).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

impl ListQuery {
    fn search(&self) -> Result<Search, Problem> {
        let given = [
            (Field::Serial, &self.serial),
            (Field::Subject, &self.subject),
            (Field::Device, &self.device),
            (Field::Person, &self.person),
        ];
        let mut given = given.into_iter().filter_map(|(field, text)| Some((field, text.as_ref()?)));
        let start = given.next().map(|(field, text)| Start::parse(field, text)).transpose()?;
        if given.next().is_some() {
            return Err(wrong("serial, subject, device or person", "is to be one of them at most"));
        }
        let status = self.status.as_deref().map(|word| {
            let unknown = || wrong("status", "is not intended, issued, held or revoked");
            Status::parse(word).ok_or_else(unknown)
        });
        let name = |parameter, name: &Option<String>| {
            name.as_deref().map(|name| Name::parse(parameter, name)).transpose()
        };
        let search = Search {
            start,
            status: status.transpose()?,
            authority: name("authority", &self.authority)?,
            gateway: name("gateway", &self.gateway)?,
        };
        let search = search.with_filter(self.filter.as_deref().unwrap_or_default())?;
        Ok(match &self.sort {
            Some(order) => search.in_order(order)?,
            None => search,
        })
    }
}

/// `GET /api/v1/certificates/SERIAL`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(serial): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let kept = actions::certificate::show(&app, &actor, &parse(&serial)?).await?;
    let pem = kept.der.map(|der| pki::pem::encode("CERTIFICATE", &der));
    Ok(Json(Shown { certificate: kept.certificate, pem }))
}

/// `POST /api/v1/certificates/SERIAL/revoke`
pub async fn revoke(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(serial): Path<String>,
    body: Result<Taken<Revocation>, Problem>,
) -> Result<Json<Certificate>, Problem> {
    let Taken(Revocation { reason }) = body?;
    let serial = parse(&serial)?;
    Ok(Json(revocation::revoke(&app, &actor, &serial, reason).await?))
}

/// `POST /api/v1/certificates/SERIAL/hold`
pub async fn hold(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(serial): Path<String>,
) -> Result<Json<Certificate>, Problem> {
    Ok(Json(revocation::hold(&app, &actor, &parse(&serial)?).await?))
}

/// `POST /api/v1/certificates/SERIAL/release`
pub async fn release(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(serial): Path<String>,
) -> Result<Json<Certificate>, Problem> {
    Ok(Json(revocation::release(&app, &actor, &parse(&serial)?).await?))
}

/// `POST /api/v1/certificates/revoke`
pub async fn revoke_chosen(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<Choice>, Problem>,
) -> Result<Json<Swept>, Problem> {
    let Taken(choice) = body?;
    let reason = choice.reason.ok_or_else(|| wrong("reason", "is missing"))?;
    Ok(Json(sweep(&app, &actor, choice, Change::Revoke(reason)).await?))
}

/// `POST /api/v1/certificates/release`
pub async fn release_chosen(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<Choice>, Problem>,
) -> Result<Json<Swept>, Problem> {
    let Taken(choice) = body?;
    if choice.reason.is_some() {
        return Err(wrong("reason", "is not for a release"));
    }
    Ok(Json(sweep(&app, &actor, choice, Change::Release).await?))
}

async fn sweep(app: &App, actor: &Actor, choice: Choice, change: Change) -> Result<Swept, Problem> {
    let Choice { device, person, gateway, authority, confirm, after, dry_run, .. } = choice;
    let given = [
        device.map(Chosen::Device),
        person.map(Chosen::Person),
        gateway.map(Chosen::Gateway),
        authority.map(Chosen::Authority),
    ];
    let mut given = given.into_iter().flatten();
    let (Some(chosen), None) = (given.next(), given.next()) else {
        return Err(wrong("device, person, gateway or authority", "is to be given, one of them"));
    };
    let after = after.as_deref().map(parse).transpose()?;
    let sweep = Sweep { chosen, change, confirm, after, dry_run };
    let swept = revocation::sweep(app, actor, &sweep).await?;
    Ok(Swept { count: swept.count, changed: swept.changed, next: swept.next })
}

pub(crate) fn parse(serial: &str) -> Result<Serial, Problem> {
    Serial::parse_text(serial)
        .map_err(|_| wrong("serial", "is not a serial number in hexadecimal digits"))
}

fn wrong(parameter: &str, what: &str) -> Problem {
    Problem::from(Refusal::ParameterWrong { parameter: parameter.into(), what: what.into() })
}
