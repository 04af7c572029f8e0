//! What lists give, compared with what the filter says of each event in memory, on both engines;
//! and what the engines make of the statements.

use ::tests::postgres;
use domain::event::Moment;
use domain::event::listing::FIELDS;
use domain::refusal::Refusal;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value as Json;

use super::*;
use crate::event::commit;
use crate::seal::MasterKey;
use crate::write::Write;

/// 2026-11-23T22:00:00Z.
const NOW: Time = Time(1_795_471_200);

const DEVICES: [&str; 4] = ["C02A", "C02B", "mac-1", "Anna's \"Mac\""];

const STATIONS: [&str; 4] = ["A4-83-E7-00-11-22", "a483e7001123", "02:00:00:00:00:01", "console 7"];

/// Chance that is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

fn master() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

fn refusal(chance: &mut Chance) -> Option<Refusal> {
    match chance.below(5) {
        0 => Some(Refusal::CertificateMissing),
        1 => Some(Refusal::NetworkPolicyMissing { roles: Vec::new(), nearest: None }),
        2 => Some(Refusal::ParameterWrong { parameter: "a".into(), what: "is \"b\"".into() }),
        _ => None,
    }
}

/// So many events, one every ten seconds and some at the same time, up to now.
fn events(count: usize) -> Vec<Event> {
    let mut chance = Chance(7);
    let mut all = Vec::new();
    for number in 0..count {
        let kind = EventKind::ALL[chance.below(EventKind::ALL.len())];
        let back = i64::try_from((count - number) / 2).unwrap() * 10_000;
        let at = Moment(NOW.0 * 1000 - back);
        let refusal = refusal(&mut chance);
        let mut details = Map::new();
        if chance.below(3) > 0 {
            details.insert("device".into(), Json::from(chance.one(&DEVICES)));
        }
        if chance.below(3) > 0 {
            details.insert("calling_station".into(), Json::from(chance.one(&STATIONS)));
        }
        if chance.below(3) > 0 {
            details.insert("policy".into(), Json::from(chance.one(&["Staff", "Pupils \"7a\""])));
        }
        let random = std::array::from_fn(|_| u8::try_from(chance.below(256)).unwrap());
        all.push(Event {
            id: Event::id_at(at, random),
            at,
            kind,
            outcome: if refusal.is_some() { Outcome::Refused } else { Outcome::Accepted },
            actor: chance.one(&["gateway Mosyle", "access point Loopback", "anna"]).to_owned(),
            object: chance.one(&["certificate:0A1B", "certificate:0B", "device:C02A", "x:"]).into(),
            refusal,
            details,
            inputs: None,
        });
    }
    all.sort_by_key(|event| event.id);
    all
}

/// Stores of both engines that hold these events.
async fn stores(events: &[Event]) -> [Store; 2] {
    let url = postgres::shared().database();
    let both =
        [Store::scratch(&master()).unwrap(), Store::open_url(&url, &master()).await.unwrap()];
    for store in &both {
        for some in events.chunks(50) {
            commit(Write::new(), store, some).await.unwrap();
        }
    }
    both
}

fn parse(text: &str) -> Filter {
    Filter::parse(text, &FIELDS, NOW).unwrap_or_else(|refusal| panic!("{text}: {refusal}"))
}

const FILTERS: [&str; 27] = [
    "",
    "kind:network.access outcome:refused -code:POL-NO-MATCH",
    "kind:certificate.* -kind:certificate.made",
    "kind:network.access kind:object.created",
    "-kind:network.access",
    "outcome:refused",
    "-outcome:refused",
    "outcome:refused outcome:accepted",
    "code:TLS-NO-CERTIFICATE",
    "code:API-PARAMETER code:POL-NO-MATCH",
    "code:*",
    "-code:*",
    "code:POL*",
    "device:C02A",
    "device:C02*",
    "-device:C02A",
    "-device:*",
    "device:\"Anna's \\\"Mac\\\"\"",
    "station:a4-83-e7-00-11-22 station:02:00:00:00:00:01",
    "station:a4* outcome:accepted",
    "object:\"certificate:0A*\" actor:\"gateway Mosyle\"",
    "actor:anna -object:x:",
    "since:20m until:5m",
    "policy:Staff outcome:refused",
    "policy:Staff policy:\"Pupils \\\"7a\\\"\" since:20m",
    "-policy:* kind:network.access",
    "kind:network.access device:mac-1 since:2026-11-23T21:50Z -code:*",
];

/// A filter by chance.
fn any_filter(chance: &mut Chance) -> String {
    let mut terms = Vec::new();
    for _ in 0..=chance.below(4) {
        let kinds = ["network.access", "object.*", "certificate.*", "network.session"];
        let values: (&str, &[&str]) = match chance.below(6) {
            0 => ("kind", &kinds),
            1 => ("outcome", &["accepted", "refused"]),
            2 => ("code", &["TLS-NO-CERTIFICATE", "POL*", "*", "API-PARAMETER"]),
            3 => ("object", &["certificate:0A1B", "certificate:*", "device:C02A", "x:"]),
            4 => ("device", &["C02A", "C02*", "mac-1", "*", "other"]),
            _ => ("station", &["a4*", "02:00:00:00:00:01", "*", "a4-83-e7-00-11-23"]),
        };
        let not = if chance.below(3) == 0 { "-" } else { "" };
        terms.push(format!("{not}{}:{}", values.0, chance.one(values.1)));
    }
    terms.join(" ")
}

/// All pages of a list, one behind the other.
async fn all(store: &Store, filter: &Filter, order: Order, (limit, rows): (u32, u32)) -> Vec<Uuid> {
    let mut found = Vec::new();
    let mut after = None;
    for _ in 0..10_000 {
        let part = Part { order, after, limit };
        let page = list_within(store, filter, part, rows).await.unwrap();
        assert!(page.events.len() <= usize::try_from(limit).unwrap());
        found.extend(page.events.iter().map(|event| event.id));
        let Some(next) = page.next else { return found };
        after = Some(next);
    }
    panic!("a list without an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_what_the_filter_says_of_each_event() {
    let events = events(300);
    let mut chance = Chance(11);
    let mut filters = FILTERS.map(str::to_owned).to_vec();
    filters.extend((0..40).map(|_| any_filter(&mut chance)));
    for store in stores(&events).await {
        for text in &filters {
            let filter = parse(text);
            let wanted = events.iter().filter(|event| event.is_wanted(&filter));
            let mut wanted: Vec<Uuid> = wanted.map(|event| event.id).collect();
            // Pages of any length, with much and with little to be looked through.
            for reach in [(1000, 20_000), (70, 20_000), (40, 30)] {
                let found = all(&store, &filter, Order::Oldest, reach).await;
                assert_eq!(found, wanted, "{text} {reach:?}");
            }
            wanted.reverse();
            for reach in [(1000, 20_000), (50, 25)] {
                let found = all(&store, &filter, Order::Newest, reach).await;
                assert_eq!(found, wanted, "{text} {reach:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_counted_by_how_they_came_out_up_to_a_bound() {
    let events = events(300);
    for store in stores(&events).await {
        for text in ["policy:Staff since:20m", "policy:Staff policy:other", "", "policy:other"] {
            let filter = parse(text);
            let count = |outcome| {
                let same = |event: &&Event| event.outcome == outcome && event.is_wanted(&filter);
                u64::try_from(events.iter().filter(same).count()).unwrap()
            };
            let (accepted, refused) = (count(Outcome::Accepted), count(Outcome::Refused));
            let counted = tally(&store, &filter, 1000).await.unwrap();
            assert_eq!(counted, Tally { accepted, refused, is_more: false }, "{text}");
        }
        let few = tally(&store, &parse("policy:Staff"), 7).await.unwrap();
        assert_eq!((few.accepted + few.refused, few.is_more), (7, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_looks_through_a_bounded_number_of_rows() {
    let events = events(200);
    for store in stores(&events).await {
        let part = Part { order: Order::Newest, after: None, limit: 10 };
        let nothing = parse("device:other*");
        let page = list_within(&store, &nothing, part, 20).await.unwrap();
        assert!(page.events.is_empty());
        assert!(page.next.is_some(), "there is more to look through");
        // What an index says needs no looking through.
        let page = list_within(&store, &parse("device:other"), part, 20).await.unwrap();
        assert_eq!(page, Page { events: Vec::new(), next: None });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_everything_about_any_of_some_things_once() {
    let events = events(300);
    let about =
        [About::Object("device:C02A"), About::Device("C02A"), About::Station("a4:83:e7:00:11:22")];
    let filters = ["object:device:C02A", "device:C02A", "station:a4:83:e7:00:11:22"].map(parse);
    let wanted = events.iter().rev().filter(|it| filters.iter().any(|wants| it.is_wanted(wants)));
    let wanted: Vec<Uuid> = wanted.map(|event| event.id).collect();
    assert!(wanted.len() > 50);
    for store in stores(&events).await {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let part = Part { order: Order::Newest, after, limit: 20 };
            let page = history(&store, &about, part).await.unwrap();
            found.extend(page.events.iter().map(|event| event.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted);
    }
}

/// Filters that an index serves, each with those that it is to be in the two logs.
const SERVED: [(&str, Option<&str>, Option<&str>); 13] = [
    ("", Some("sqlite_autoindex_audit_1"), Some("sqlite_autoindex_visit_1")),
    ("kind:object.created", Some("audit_kind"), None),
    ("kind:network.access", None, Some("visit_kind")),
    ("kind:network.access since:1h", None, Some("visit_kind")),
    ("outcome:refused", Some("audit_refused"), Some("visit_refused")),
    ("code:POL-NO-MATCH", Some("audit_code"), Some("visit_code")),
    ("object:certificate:0A", Some("audit_object"), Some("visit_object")),
    ("actor:anna", Some("audit_actor"), Some("visit_actor")),
    ("device:C02A", None, Some("visit_device")),
    ("station:a4-83-e7-00-11-22", None, Some("visit_station")),
    ("policy:Staff since:1d", None, Some("visit_policy")),
    // With something else to be looked for along the way.
    (
        "code:POL-NO-MATCH kind:* outcome:refused actor:a* -device:x",
        Some("audit_code"),
        Some("visit_code"),
    ),
    ("device:C02A outcome:refused kind:network.access", None, Some("visit_device")),
];

/// The statements of each branch of each filter, with the index that each is to follow.
fn statements() -> Vec<(Statement, &'static str)> {
    let mut all = Vec::new();
    for (text, audit, visit) in SERVED {
        let filter = parse(text);
        for branch in branches(&filter) {
            let index = if branch.log == Log::Audit { audit } else { visit };
            for order in Order::ALL {
                let span = Span::of(&filter, order, Some(Uuid::from_u128(7 << 64)));
                let mut statement = Statement::default();
                statement.branch(&branch, span, order, 100);
                all.push((statement, index.expect(text)));
                let mut walk = Statement::default();
                walk.walk(&branch, span, order);
                walk.add(" limit 1 offset ", LOOKED_THROUGH_MAX);
                all.push((walk, index.expect(text)));
            }
        }
    }
    assert!(all.len() > 60);
    all
}

#[tokio::test]
async fn every_branch_follows_one_index_of_a_file_and_sorts_nothing() {
    let store = Store::scratch(&master()).unwrap();
    for (Statement { sql, args }, index) in statements() {
        let plan = store.query(format!("explain query plan {sql}"), args).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        let index = index.replace("autoindex_audit_1", "autoindex_audit_2");
        let by = |name: &str| plan[0].contains(&format!(" INDEX {name}"));
        let is_found = by(&index) || by(&index.replace("audit_2", "audit_1"));
        assert!(plan.len() == 1 && is_found, "{sql}: {plan:?}");
        assert!(plan[0].starts_with("SEARCH"), "{sql}: {plan:?}");
    }
}

#[tokio::test]
async fn every_branch_follows_one_index_of_a_server_and_sorts_nothing() {
    let database = postgres::shared().database();
    let store = Store::open_url(&database, &master()).await.unwrap();
    for (Statement { mut sql, args }, index) in statements() {
        // From the last, so that $1 does not stand for the beginning of $10.
        for (number, value) in args.iter().enumerate().rev() {
            let literal = match value {
                Value::Text(text) => format!("'{text}'"),
                Value::Integer(integer) => integer.to_string(),
                Value::Null | Value::Bytes(_) => panic!("not in a list"),
            };
            sql = sql.replace(&format!("${}", number + 1), &literal);
        }
        let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let order =
            format!("set enable_seqscan = off; set enable_bitmapscan = off; explain {line}");
        let plan = postgres::shared().query(&database, &order);
        let index = index.replace("sqlite_autoindex_visit_1", "visit_pkey");
        let index = index.replace("sqlite_autoindex_audit_1", "audit_id_key");
        assert!(plan.contains(&index) && !plan.contains("Sort"), "{sql}: {plan}");
        assert!(plan.contains("Index Cond"), "{sql}: {plan}");
    }
    drop(store);
}

#[tokio::test]
async fn codes_of_earlier_rows_are_filled_in() {
    let store = Store::scratch(&master()).unwrap();
    let events = events(100);
    commit(Write::new(), &store, &events).await.unwrap();
    let step = include_str!("../../migration/0011_event_code.sql");
    let (_, rest) = step.split_once("update visit set code = ").unwrap();
    let (expression, _) = rest.split_once(" where outcome").unwrap();
    let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    let sql = format!("select code, {expression} from visit where outcome = 'refused'");
    let rows = store.query(sql, []).await.unwrap();
    assert!(rows.len() > 5);
    for row in rows {
        assert_eq!(row.text(0).unwrap(), row.text(1).unwrap());
    }
    assert_eq!(expression.replace(' ', ""), AUDIT_CODE.replace(' ', ""));
}
