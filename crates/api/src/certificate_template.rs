//! `/api/v1/certificate-templates`

use std::sync::Arc;

use actions::App;
use actions::certificate_template;
use actions::certificate_template::Sample;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use domain::actor::Permission;
use domain::certificate_template::preview::Preview;
use domain::refusal::Refusal;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Caller;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::taken::Taken;

/// What a template is to be tried out on.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PreviewTrial)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// A request, PEM; of the two, one is given.
    pub csr: Option<String>,
    /// A device of the inventory, or as its certificates name it.
    pub device: Option<String>,
    /// The authority that would sign; if not given, that of the first enrollment policy with the
    /// template, else the first for devices.
    pub certificate_authority: Option<String>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let preview = "/api/v1/certificate-templates/{name}/preview";
    let preview = Operation::post(preview, "Show the certificate that a template would give");
    let preview = preview.needs(Permission::OrganizationRead).needs(Permission::CertificateRead);
    table.add(preview.takes::<Trial>().answers::<Preview>(), self::preview);
}

/// `POST /api/v1/certificate-templates/NAME/preview`
pub async fn preview(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<Trial>, Problem>,
) -> Result<Json<Preview>, Problem> {
    let Taken(trial) = body?;
    let sample = match (trial.csr, trial.device) {
        (Some(csr), None) => Sample::Csr(csr),
        (None, Some(device)) => Sample::Device(device),
        (Some(_), Some(_)) | (None, None) => {
            let what = "is to be given, one of them".to_owned();
            let parameter = "csr or device".to_owned();
            return Err(Refusal::ParameterWrong { parameter, what }.into());
        }
    };
    let authority = trial.certificate_authority.as_deref();
    Ok(Json(certificate_template::preview(&app, &actor, &name, &sample, authority).await?))
}
