//! Trying out: what one device would get at an access point, or of a gateway, now, and why; or why
//! it was answered as it was.

use std::sync::Arc;

use actions::decision::explain;
use actions::decision::explain::Explanation;
use actions::decision::simulate;
use actions::decision::simulate::Simulated;
use actions::decision::simulate::Trial;
use actions::organization::NotApplied;
use askama::Template;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;
use domain::network_policy::Access as NetworkAccess;
use domain::object::Kind;
use domain::refusal::Refusal;
use pki::time::Time;
use serde::Deserialize;

use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Link;
use crate::object;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::text;
use crate::visitor::Visitor;

/// Adds its page below the list of a kind.
pub(crate) fn pages(pages: &mut Pages, kind: Kind) {
    let path = format!("{}/_simulate", object::list_url(kind));
    let access = Access::Needs(Permission::CertificateRead);
    pages.get(path, access, move |state, visitor, query| show(kind, state, visitor, query));
}

/// What is tried out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    device: String,
    gateway: String,
    access_point: String,
    ssid: String,
    mac: String,
    at: String,
}

#[derive(Template)]
#[template(path = "policy/simulate.html")]
struct SimulatePage {
    frame: Frame,
    up: Link,
    to: String,
    asked: Asked,
    /// Those whose devices can be tried out: none where requests are not.
    gateways: Vec<String>,
    /// Whether a visit can be tried out.
    visits: bool,
    access_points: Vec<String>,
    simulated: Option<Simulated>,
    explained: Option<Explanation>,
    wrong: Option<String>,
}

impl SimulatePage {
    fn is_let_in(&self, simulated: &Simulated) -> bool {
        simulated.access == NetworkAccess::Accept
    }

    /// Where the policy is that decided.
    fn policy_url(&self, simulated: &Simulated, policy: &str) -> String {
        let kind = match simulated.enrollment {
            Some(_) => Kind::EnrollmentPolicy,
            None => Kind::NetworkPolicy,
        };
        object::url(kind, policy)
    }

    /// The policies that only say what they would do.
    fn monitors(&self, simulated: &Simulated) -> String {
        let names = simulated.monitors.iter().map(|one| one.policy.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

/// `GET /{plural}/_simulate`
async fn show(
    kind: Kind,
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let path = object::list_url(kind);
    let mut page = SimulatePage {
        frame: Frame::new(&desk, &visitor, text::t("policy.simulate")),
        up: Link::new(&format!("{}.plural", kind.as_str()), path.clone()),
        to: format!("{path}/_simulate"),
        gateways: if kind == Kind::NetworkPolicy {
            Vec::new()
        } else {
            object::names(&desk, Kind::Gateway)
        },
        visits: kind != Kind::EnrollmentPolicy,
        access_points: object::names(&desk, Kind::AccessPoint),
        simulated: None,
        explained: None,
        wrong: None,
        asked,
    };
    let mut status = StatusCode::OK;
    if !page.asked.device.trim().is_empty()
        && let Err(refusal) = answer(&desk, &visitor, &mut page).await?
    {
        status = fault::status_of(&refusal);
        let reason = refusal.reason();
        page.wrong = Some(format!("{}; {}", reason.sentence, reason.fix));
    }
    Ok(fault::render(&page, status))
}

/// Tries out what was asked; what is no device may be an event.
async fn answer(
    desk: &Desk,
    visitor: &Visitor,
    page: &mut SimulatePage,
) -> Result<Result<(), Refusal>, Fault> {
    let actor = visitor.actor()?;
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let at = match given(&page.asked.at).map(|at| Time::parse_rfc3339(&at)) {
        None => None,
        Some(Some(at)) => Some(at),
        Some(None) => {
            let what = text::t("policy.at_wrong").into_owned();
            return Ok(Err(Refusal::ParameterWrong { parameter: "at".to_owned(), what }));
        }
    };
    let trial = Trial {
        device: page.asked.device.trim().to_owned(),
        gateway: given(&page.asked.gateway).filter(|_| !page.gateways.is_empty()),
        access_point: given(&page.asked.access_point),
        ssid: given(&page.asked.ssid),
        mac: given(&page.asked.mac),
        at,
        draft: None,
    };
    // Where only requests are decided on, some gateway is asked.
    if !page.visits && trial.gateway.is_none() {
        let what = text::t("policy.gateway_needed").into_owned();
        return Ok(Err(Refusal::ParameterWrong { parameter: "gateway".to_owned(), what }));
    }
    match simulate::simulate(&desk.app, actor, &trial).await {
        Ok(simulated) => page.simulated = Some(simulated),
        Err(NotApplied::Refused(refusal @ Refusal::NotFound { .. })) if is_event(&trial.device) => {
            match explain::explain(&desk.app, actor, &trial.device).await {
                Ok(explained) => page.explained = Some(explained),
                Err(Refusal::NotFound { .. }) => return Ok(Err(refusal)),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Err(NotApplied::Refused(refusal)) => return Ok(Err(refusal)),
        Err(other @ (NotApplied::Complaints(_) | NotApplied::Outdated(_))) => {
            return Err(other.into());
        }
    }
    Ok(Ok(()))
}

/// Whether a text looks like the id of an event.
fn is_event(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
