//! What the engines make of the statements of lists.

use ::tests::postgres;
use pki::certificate::Serial;

use super::*;
use crate::seal::MasterKey;

fn named(name: &str) -> Option<Name> {
    Some(Name::parse("gateway", name).unwrap())
}

/// Searches of every shape, each with a place in the middle of its list.
fn searches() -> Vec<(Search, Place, &'static str)> {
    let serial = Serial::from_random([7; 16]);
    let newest = Place::Newest(Time(5), serial.clone());
    let by = |field: Field, text: &str| Search {
        start: Some(Start::parse(field, text).unwrap()),
        ..Search::default()
    };
    let all_by = |field| Search { start: Some(Start::all(field)), ..Search::default() };
    let at = |field, key: &str| Place::Text(field, key.into(), serial.clone());
    let all = Search { gateway: named("G"), authority: named("A"), ..Search::default() };
    let status = |status| Search { status: Some(status), ..all.clone() };
    let held = Search { status: Some(Status::Held), ..by(Field::Device, "m") };
    let authority = Search { authority: named("A"), ..Search::default() };
    let issued = Search { status: Some(Status::Issued), ..Search::default() };
    vec![
        (Search::default(), newest.clone(), "certificate_standing"),
        (status(Status::Revoked), newest.clone(), "certificate_of_status"),
        (status(Status::Issued), newest.clone(), "certificate_of_gateway"),
        (authority, newest.clone(), "certificate_of_authority"),
        (issued, newest, "certificate_of_status"),
        (by(Field::Serial, "07"), at(Field::Serial, ""), "certificate_pkey"),
        (by(Field::Subject, "cn=m"), at(Field::Subject, "cn=mac"), "certificate_subject_start"),
        (by(Field::Person, "a%"), at(Field::Person, "a%b"), "certificate_person_start"),
        (all_by(Field::Serial), at(Field::Serial, ""), "certificate_pkey"),
        (all_by(Field::Subject), at(Field::Subject, "cn=mac"), "certificate_subject_start"),
        (all_by(Field::Device), at(Field::Device, "mac"), "certificate_device_start"),
        (held.clone(), at(Field::Device, "mac"), "certificate_device_start"),
        (
            Search { start: by(Field::Device, "m").start, ..all },
            at(Field::Device, "mac"),
            "certificate_device_start",
        ),
    ]
}

/// Every statement of every list, for its first page and for a later one.
fn all_statements() -> Vec<(Statement, &'static str)> {
    let mut all = Vec::new();
    for (search, place, index) in searches() {
        for after in [None, Some(&place)] {
            all.extend(statements((&search, &[]), after).into_iter().map(|one| (one, index)));
        }
    }
    // A gateway that was called otherwise before: no index has both names in one order.
    let (renamed, former) = (Search { gateway: named("G"), ..Search::default() }, "H".to_owned());
    let found = statements((&renamed, &[former]), None);
    all.extend(found.into_iter().map(|one| (one, "certificate_standing")));
    for (statement, _) in &mut all {
        let limit = statement.place(100_i64);
        statement.sql.push_str(&format!(" limit {limit}"));
    }
    all
}

#[tokio::test]
async fn every_page_follows_one_index_of_a_file_and_sorts_nothing() {
    let store = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
    for (Statement { sql, args }, index) in all_statements() {
        let plan = store.query(format!("explain query plan {sql}"), args).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        let index = index.replace("certificate_pkey", "sqlite_autoindex_certificate_1");
        assert_eq!(plan.len(), 1, "{sql}: {plan:?}");
        assert!(plan[0].contains(&format!(" INDEX {index}")), "{sql}: {plan:?}");
        // A later page begins where the one before ended.
        let seeks = sql.contains('<') || sql.contains('=') && sql.contains("coalesce");
        assert!(!seeks || plan[0].starts_with("SEARCH"), "{sql}: {plan:?}");
        let rows = sql.contains("(intended_at, serial) <");
        assert!(!rows || plan[0].contains("(intended_at,serial)<"), "{sql}: {plan:?}");
    }
}

#[tokio::test]
async fn every_page_follows_one_index_of_a_server_and_sorts_nothing() {
    let database = postgres::shared().database();
    let store = Store::open_url(&database, &MasterKey::from_bytes(&[7; 32])).await.unwrap();
    for (Statement { mut sql, args }, index) in all_statements() {
        // From the last, so that $1 does not stand for the beginning of $10.
        for (number, value) in args.iter().enumerate().rev() {
            let literal = match value {
                Value::Text(text) => format!("'{text}'"),
                Value::Integer(integer) => integer.to_string(),
                Value::Null | Value::Bytes(_) => panic!("not in a search"),
            };
            sql = sql.replace(&format!("${}", number + 1), &literal);
        }
        let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let order =
            format!("set enable_seqscan = off; set enable_bitmapscan = off; explain {line}");
        let plan = postgres::shared().query(&database, &order);
        assert!(plan.contains(index) && !plan.contains("Sort"), "{sql}: {plan}");
        assert!(!sql.contains('<') || plan.contains("Index Cond"), "{sql}: {plan}");
    }
    drop(store);
}

#[test]
fn each_name_of_a_renamed_gateway_follows_the_index_of_gateways() {
    let former = ["H".to_owned(), "I".to_owned()];
    let search = Search { gateway: named("G"), authority: named("A"), ..Search::default() };
    let each = apart((&search, &former)).unwrap();
    let of = |name: &str| Search { gateway: named(name), ..search.clone() };
    assert_eq!(each, [of("H"), of("I"), of("G")]);
    for one in &each {
        let [statement] = &statements((one, &[]), None)[..] else { panic!("one statement") };
        assert!(statement.sql.contains("coalesce(gateway, '') = $1"), "{}", statement.sql);
    }
    // Where few are left anyway, or a text leads, that is followed.
    assert_eq!(apart((&search, &[])), None);
    let seldom = Search { status: Some(Status::Revoked), ..search.clone() };
    assert_eq!(apart((&seldom, &former)), None);
    assert_eq!(apart((&Search { authority: named("A"), ..Search::default() }, &former)), None);
}

#[test]
fn a_text_is_ordered_by_as_the_indexes_say_it() {
    let step = include_str!("../../migration/0006_list.sql");
    for field in Field::ALL.into_iter().filter(|field| *field != Field::Serial) {
        assert!(step.contains(&format!("({}, serial)", expression(field))), "{field:?}");
    }
    let (_, bound) = expression(Field::Device).rsplit_once(' ').unwrap();
    assert_eq!(bound, format!("{})", domain::certificate::search::START_CHARS_MAX));
}
