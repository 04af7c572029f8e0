//! Which devices trust a certificate that waits, and the change over to it.

use std::sync::Arc;

use actions::object;
use actions::organization::NotApplied;
use actions::server_certificate;
use actions::server_certificate::coverage;
use actions::server_certificate::coverage::Ask;
use actions::server_certificate::coverage::Coverage;
use actions::server_certificate::switching;
use actions::server_certificate::switching::Order;
use askama::Template;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;
use domain::refusal::Refusal;
use domain::server_certificate::Slot;
use domain::server_certificate::coverage::Counts;
use domain::server_certificate::coverage::Verdict;
use serde::Deserialize;

use super::slots::back;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Link;
use crate::object::url;
use crate::object::url_of_name;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// Devices on one page.
const DEVICES: u32 = 100;

/// Which certificate, and which part of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    slot: Option<Slot>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "server_certificate/coverage.html")]
struct CoveragePage {
    frame: Frame,
    up: Link,
    own: String,
    coverage: Coverage,
    whole: Bar,
    profiles: Vec<Row>,
    /// Whether the list of devices may be seen.
    may_list: bool,
    /// SHA-256 of the certificate that a switch would show; none if there is nothing to switch to.
    switch: Option<String>,
    wrong: Vec<String>,
}

/// One network profile.
struct Row {
    link: Link,
    bar: Bar,
    trusts_now: bool,
}

/// Counts as a bar of a hundred parts.
struct Bar {
    covered: u64,
    unknown: u64,
    uncovered: u64,
    /// Where the second and the third begin.
    behind: (u64, u64),
    words: String,
}

impl Bar {
    fn of(counts: Counts) -> Self {
        let all = counts.all().max(1);
        let part = |count: u64| count.saturating_mul(100).div_ceil(all);
        let (unknown, uncovered) = (part(counts.unknown), part(counts.uncovered));
        let covered = if counts.all() == 0 {
            0
        } else {
            100_u64.saturating_sub(unknown.saturating_add(uncovered))
        };
        let told = [
            ("covered", counts.covered.to_string()),
            ("unknown", counts.unknown.to_string()),
            ("uncovered", counts.uncovered.to_string()),
        ];
        let told = told.each_ref().map(|(name, count)| (*name, count.as_str()));
        let words = text::with("server_certificate.counts", &told);
        let behind = (covered, covered.saturating_add(unknown));
        Self { covered, unknown, uncovered, behind, words }
    }
}

/// `GET /server-certificates/{name}/coverage`
pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(given): Query<Given>,
) -> Result<Response, Fault> {
    page((&desk, &visitor), &name, given, (Vec::new(), StatusCode::OK)).await
}

async fn page(
    (desk, visitor): (&Desk, &Visitor),
    name: &str,
    Given { slot, cursor }: Given,
    (wrong, status): (Vec<String>, StatusCode),
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, Kind::ServerCertificate, name)?;
    let ask = Ask { slot, cursor, limit: DEVICES };
    let coverage = coverage::look(&desk.app, actor, &shown.name, &ask).await?;
    let slots = server_certificate::show(&desk.app, actor, &shown.name)?;
    let target = match coverage.slot {
        Slot::Active => None,
        Slot::Next => slots.next,
        Slot::Previous => slots.previous,
    };
    let may_change = visitor.can(Permission::PkiChange);
    let row = |one: &coverage::OfProfile| Row {
        link: Link {
            title: one.name.clone(),
            url: url_of_name(desk, Kind::NetworkProfile, &one.name),
        },
        bar: Bar::of(one.devices),
        trusts_now: one.trusts_now,
    };
    let own = url(Kind::ServerCertificate, &shown.slug);
    let page = CoveragePage {
        frame: Frame::new(desk, visitor, text::t("server_certificate.coverage")),
        up: Link { title: shown.name.clone(), url: own.clone() },
        own,
        whole: Bar::of(coverage.devices),
        profiles: coverage.network_profiles.iter().map(row).collect(),
        may_list: visitor.can(Permission::InventoryRead),
        switch: target.filter(|_| may_change).map(|target| target.sha256),
        coverage,
        wrong,
    };
    Ok(fault::render(&page, status))
}

/// `POST /server-certificates/{name}/switch`
pub(super) async fn switch(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, Kind::ServerCertificate, &name)?;
    let order = Order {
        back: posted.has("back"),
        confirm: posted.text("confirm").and_then(|count| count.parse().ok()),
        sha256: posted.text("sha256").map(str::to_owned),
    };
    let back_again = order.back;
    match switching::switch(&desk.app, actor, &shown.name, order).await {
        Ok(_) => Ok(back(&shown.slug, "switched")),
        // The page says whom it would cut off, and asks.
        Err(NotApplied::Refused(refusal @ Refusal::MassChange { .. })) => {
            let slot = Some(if back_again { Slot::Previous } else { Slot::Next });
            let given = Given { slot, cursor: None };
            let wrong = vec![refusal.reason().sentence];
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page((&desk, &visitor), &name, given, (wrong, status)).await
        }
        Err(other) => Err(other.into()),
    }
}
