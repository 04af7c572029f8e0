//! Events of devices that do not exist, by the million: to measure with. They are kept as real ones
//! are, with their counts, and say that they are of the seed.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::event::Event;
use domain::event::EventKind;
use domain::event::Moment;
use domain::event::Outcome;
use domain::refusal::Refusal;
use serde_json::Map;
use serde_json::Value;
use store::write::Write;

use super::AUTHORITY;
use super::DAY_SECONDS;
use crate::App;
use crate::certificate;
use crate::unavailable;
use crate::world::Said;

/// Most events of a seed: a month of a large school district, twice over, and about 15 GB.
pub const EVENTS_MAX: u64 = 20_000_000;

/// Events of one commit: enough that it costs little for each.
const CHUNK: u64 = 8192;

/// They are spread over the days before now.
const DAYS: i64 = 30;

/// The access point that they are said to come from.
const ACCESS_POINT: &str = "access point Seed";

/// How many devices the events are of; each is there many times.
const DEVICES: u64 = 50_000;

/// Makes events, oldest first, and tells `progress` how many are on the disk.
pub async fn events(
    app: &App,
    actor: &Actor,
    count: u64,
    progress: impl Fn(u64),
) -> Result<(), Refusal> {
    actor.may(Permission::OrganizationChange)?;
    if count == 0 || count > EVENTS_MAX {
        let what = format!("is to be 1 to {EVENTS_MAX}");
        return Err(Refusal::ParameterWrong { parameter: "events".into(), what });
    }
    let present = store::certificate::seed::present(&app.store, AUTHORITY).await;
    if let Some(serial) = present.map_err(unavailable)?.foreign {
        return Err(Refusal::RealDevices { serial });
    }
    let mut details = Map::new();
    details.insert("events".into(), Value::from(count));
    let object = "organization:events".to_owned();
    let said = Said { actor: actor.name().to_owned(), object, details };
    let event = app.world.event(EventKind::CertificatesSeeded, None, said);
    let told = store::event::commit(Write::new(), &app.store, &[event]).await;
    told.map_err(certificate::conflict)?;
    let end = app.world.now();
    let mut done = 0;
    while done < count {
        let chunk: Vec<Event> = (done..count.min(done + CHUNK))
            .map(|number| one(app, number, at(end, number, count)))
            .collect();
        let kept = store::event::commit(Write::new(), &app.store, &chunk).await;
        kept.map_err(certificate::conflict)?;
        done += chunk.len() as u64;
        progress(done);
    }
    Ok(())
}

/// When the event of this number happened, of so many that end here.
fn at(end: Moment, number: u64, count: u64) -> Moment {
    let span = DAYS * DAY_SECONDS * 1000;
    let part = i128::from(span) * i128::from(number) / i128::from(count.max(1));
    let part = i64::try_from(part).unwrap_or(span);
    Moment(end.0.saturating_sub(span).saturating_add(part))
}

/// What happened: mostly logins that got in, some that did not, and enrollments.
fn one(app: &App, number: u64, at: Moment) -> Event {
    let device = number.wrapping_mul(2_654_435_761) % DEVICES;
    let (kind, refusal) = match number % 100 {
        0..=2 => (EventKind::CertificateIssued, None),
        3 => {
            let gateway = "Seed".to_owned();
            (EventKind::CertificateIssued, Some(Refusal::ChallengeWrong { gateway }))
        }
        4..=6 => (EventKind::VisitAnswered, Some(Refusal::CertificateMissing)),
        7 => {
            let address = format!("192.0.2.{}", device % 256);
            (EventKind::PacketDropped, Some(Refusal::AccessPointUnknown { address }))
        }
        _ => (EventKind::VisitAnswered, None),
    };
    let mut details = Map::new();
    details.insert("device".into(), Value::from(format!("Seed {device}")));
    let bytes = device.to_be_bytes();
    let [.., third, second, first] = bytes;
    let station = format!("02:00:00:{third:02x}:{second:02x}:{first:02x}");
    details.insert("calling_station".into(), Value::from(station));
    details.insert("seed".into(), Value::from(true));
    Event {
        id: Event::id_at(at, app.world.random()),
        at,
        kind,
        outcome: if refusal.is_some() { Outcome::Refused } else { Outcome::Accepted },
        actor: ACCESS_POINT.to_owned(),
        object: format!("device:Seed {device}"),
        refusal,
        details,
        inputs: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_spread_over_the_days_before() {
        let end = Moment(1_795_000_000_000);
        let span = DAYS * DAY_SECONDS * 1000;
        assert_eq!(at(end, 0, EVENTS_MAX), Moment(end.0 - span));
        assert_eq!(at(end, EVENTS_MAX / 2, EVENTS_MAX), Moment(end.0 - span / 2));
        assert!(at(end, EVENTS_MAX - 1, EVENTS_MAX) < end);
    }
}
