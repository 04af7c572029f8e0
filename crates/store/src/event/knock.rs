//! Addresses that knock: kept beside the events that tell of them, so that whoever asks reads one
//! row for each and no events.

use std::collections::BTreeMap;

use domain::access_point::knock::Heard;
use domain::event::Event;
use domain::event::Moment;
use pki::time::Time;
use uuid::Uuid;

use crate::Store;
use crate::StoreError;
use crate::value::Row;
use crate::value::Value;
use crate::write::Write;

/// How long an address that rests is kept, in seconds.
pub const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// Most rows that are read: every address that is told, from as many programs as share a database
/// and have begun within a day.
const ROWS_MAX: i64 = 10_000;

/// Adds to what was heard before, unless the first event of it is there already: a commit of which
/// nobody knew whether it was made is made again, and is heard once.
const ADD: &str = "insert into knock (address, lane, packets, first_at, last_at,
        nas_identifier, nas_address, called_station)
    select $1, $2, $3, $4, $5, $6, $7, $8 where not exists (select 1 from visit where id = $9)
    on conflict (address, lane) do update set packets = knock.packets + excluded.packets,
        first_at = case when excluded.first_at < knock.first_at
            then excluded.first_at else knock.first_at end,
        last_at = case when excluded.last_at > knock.last_at
            then excluded.last_at else knock.last_at end,
        nas_identifier = coalesce(excluded.nas_identifier, knock.nas_identifier),
        nas_address = coalesce(excluded.nas_address, knock.nas_address),
        called_station = coalesce(excluded.called_station, knock.called_station)";

/// Keeps who knocked, as the events of a change tell. It is to be before the statements that add
/// them.
pub(super) fn add(mut write: Write, events: &[Event], lane: &str) -> Write {
    let mut knocks = BTreeMap::<_, (Heard, Uuid)>::new();
    for event in events {
        let Some((address, heard)) = Heard::of(event) else { continue };
        match knocks.get_mut(&address) {
            Some((known, _)) => known.join(heard),
            None => drop(knocks.insert(address, (heard, event.id))),
        }
    }
    let Some(last) = knocks.values().map(|(heard, _)| heard.last).max() else { return write };
    // Of its own rows only: no two programs wait for each other.
    write = write.execute(
        "delete from knock where last_at < $1 and lane = $2",
        [Value::from(last.0.saturating_sub(KEPT_SECONDS * 1000)), Value::from(lane)],
    );
    for (address, (heard, first)) in knocks {
        let args = [
            Value::from(address.to_string()),
            Value::from(lane),
            Value::from(i64::try_from(heard.packets).unwrap_or(i64::MAX)),
            Value::from(heard.first.0),
            Value::from(heard.last.0),
            Value::from(heard.nas_identifier),
            Value::from(heard.nas_address),
            Value::from(heard.called_station),
            Value::from(first.to_string()),
        ];
        write = write.execute(ADD, args);
    }
    write
}

/// Who knocked since a moment, the last first: address and what was heard, once for each program
/// that heard it.
pub async fn since(store: &Store, from: Time) -> Result<Vec<(String, Heard)>, StoreError> {
    let sql = "select address, packets, first_at, last_at, nas_identifier, nas_address,
        called_station from knock where last_at >= $1 order by last_at desc limit $2";
    let args = [Value::from(from.0.saturating_mul(1000)), Value::from(ROWS_MAX)];
    store.query(sql, args).await?.iter().map(heard).collect()
}

fn heard(row: &Row) -> Result<(String, Heard), StoreError> {
    let text = |place| Ok::<_, StoreError>(row.text_optional(place)?.map(str::to_owned));
    let heard = Heard {
        packets: u64::try_from(row.integer(1)?).unwrap_or(0),
        first: Moment(row.integer(2)?),
        last: Moment(row.integer(3)?),
        nas_identifier: text(4)?,
        nas_address: text(5)?,
        called_station: text(6)?,
    };
    Ok((row.text(0)?.to_owned(), heard))
}

#[cfg(test)]
mod tests {
    use ::tests::postgres;
    use domain::event::EventKind;
    use domain::event::Outcome;
    use domain::refusal::Refusal;
    use serde_json::Map;
    use serde_json::json;

    use super::*;
    use crate::event::commit;
    use crate::seal::MasterKey;

    /// 2026-11-23T22:00:00Z.
    const NOW: Time = Time(1_795_471_200);

    async fn both() -> [Store; 2] {
        let (url, master) = (postgres::shared().database(), MasterKey::from_bytes(&[7; 32]));
        [Store::scratch(&master).unwrap(), Store::open_url(&url, &master).await.unwrap()]
    }

    fn event(number: u8, minutes: i64, address: &str, said: Option<&str>) -> Event {
        let at = Moment((NOW.0 - minutes * 60) * 1000);
        let mut details = Map::from_iter([("packets".to_owned(), json!(2))]);
        if let Some(said) = said {
            details.insert("nas_identifier".into(), json!(said));
        }
        Event {
            id: Event::id_at(at, [number; 10]),
            at,
            kind: EventKind::PacketDropped,
            outcome: Outcome::Refused,
            actor: format!("address {address}"),
            object: "packet:".into(),
            refusal: Some(Refusal::AccessPointUnknown { address: address.into() }),
            details,
            inputs: None,
        }
    }

    #[tokio::test]
    async fn who_knocks_is_kept_once_and_forgotten_a_day_after() {
        for store in both().await {
            let old = event(1, 25 * 60, "192.0.2.1", None);
            commit(Write::new(), &store, &[old]).await.unwrap();
            let some = [
                event(2, 30, "192.0.2.9", Some("hall")),
                event(3, 20, "192.0.2.9", None),
                event(4, 10, "many addresses", None),
            ];
            commit(Write::new(), &store, &some).await.unwrap();
            // Made again, because nobody knew whether it was.
            commit(Write::new(), &store, &some).await.unwrap();
            commit(Write::new(), &store, &[event(5, 5, "192.0.2.9", None)]).await.unwrap();
            let all = since(&store, Time(0)).await.unwrap();
            assert_eq!(all.len(), 1, "{all:?}");
            let (address, heard) = &all[0];
            assert_eq!((address.as_str(), heard.packets), ("192.0.2.9", 6));
            assert_eq!(heard.nas_identifier.as_deref(), Some("hall"));
            let minutes = |at: Moment| (NOW.0 - at.time().0) / 60;
            assert_eq!((minutes(heard.first), minutes(heard.last)), (30, 5));
            let later = NOW.plus_seconds(-60);
            assert_eq!(since(&store, later).await.unwrap().len(), 0);
        }
    }
}
