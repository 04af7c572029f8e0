//! How the organization fares, in figures. No page waits for rows to be counted: events are counted
//! as they come, and the rest is worked out beside those who look, now and then.

pub mod folding;
pub(crate) mod kept;

use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::doctor::Finding;
use domain::event::count::Span;
use domain::overview::Activity;
use domain::overview::Authority;
use domain::overview::Overview;
use domain::overview::SeenAuthority;
use domain::overview::Stretch;
use domain::overview::expiry;
use domain::overview::expiry::Certificates;
use domain::overview::expiry::Ends;
use domain::refusal::Refusal;
use pki::time::Time;

use crate::App;
use crate::doctor;
use crate::unavailable;

pub(crate) use crate::overview::kept::Figures;
pub(crate) use crate::overview::kept::kept;

/// When certificates end, as it was counted.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    at: Time,
    ends: Vec<Ends>,
}

/// How the organization fares, as far as whoever asks may see it.
pub async fn show(app: &Arc<App>, actor: &Actor) -> Result<Overview, Refusal> {
    let [events, organization, certificates] =
        [Permission::EventRead, Permission::OrganizationRead, Permission::CertificateRead]
            .map(|permission| actor.can(permission));
    if !(events || organization || certificates) {
        actor.may(Permission::EventRead)?;
    }
    let findings = if events && organization { Some(findings(app).await?) } else { None };
    let activity = if events { Some(activity(app).await?) } else { None };
    let counted = if certificates { Some(counted(app).await?) } else { None };
    let authorities = organization.then(|| authorities(app, counted.as_ref()));
    let certificates = counted.map(|counted| Certificates::of(&counted.ends, counted.at));
    let at = app.world.time().to_rfc3339();
    Ok(Overview { at, findings, activity, certificates, authorities })
}

/// What the doctor found of late.
async fn findings(app: &Arc<App>) -> Result<Vec<Finding>, Refusal> {
    kept(app, |app| &app.figures.findings, |app| async move { doctor::look(&app).await }).await
}

/// Who asked of late.
async fn activity(app: &Arc<App>) -> Result<Activity, Refusal> {
    kept(app, |app| &app.figures.activity, |app| async move { count(&app).await }).await
}

async fn count(app: &App) -> Result<Activity, Refusal> {
    let now = app.world.time();
    let stretch = async |span| {
        let from = Stretch::from(span, now);
        let counts = store::event::count::since(&app.store, from, span).await;
        Ok(Stretch::of(&counts.map_err(unavailable)?, span, now))
    };
    Ok(Activity { day: stretch(Span::Hour).await?, month: stretch(Span::Day).await? })
}

/// When certificates end.
async fn counted(app: &Arc<App>) -> Result<Counted, Refusal> {
    kept(app, |app| &app.figures.ends, |app| async move { count_ends(&app).await }).await
}

async fn count_ends(app: &App) -> Result<Counted, Refusal> {
    let at = app.world.time();
    let ends = store::certificate::end::count(&app.store, &expiry::bounds(at)).await;
    Ok(Counted { at, ends: ends.map_err(unavailable)? })
}

/// The authorities as a tree, with how many certificates of theirs are in use.
fn authorities(app: &App, counted: Option<&Counted>) -> Vec<Authority> {
    let rules = app.snapshot.rules();
    let in_use = |name: &str| {
        let own = counted?.ends.iter().find(|ends| ends.authority == name);
        Some(own.map_or(0, Ends::in_use))
    };
    let definitions = &rules.organization.certificate_authority;
    let seen = definitions.iter().filter_map(|definition| {
        let own = rules.authority(&definition.name)?.current.chain.first()?;
        Some(SeenAuthority {
            name: definition.name.clone(),
            issuer: definition.issuer.clone(),
            disabled: definition.disabled,
            life: (own.not_before, own.not_after),
            in_use: in_use(&definition.name),
        })
    });
    Authority::tree(&seen.collect::<Vec<_>>(), app.world.time())
}
