//! Tests of the engine against a real server.

use ::tests::postgres::{Postgres as Server, shared};

use super::*;
use crate::seal::SealError;
use crate::write::{Bookkeeping, Why};
use crate::{Engine, Store, audit};

const NOTED: Why = Why::Bookkeeping(Bookkeeping::SecretUsed);

fn master() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

async fn open(url: &str) -> Store {
    Store::open_url(url, &master()).await.unwrap()
}

async fn fresh() -> Store {
    open(&shared().database()).await
}

fn postgres(store: &Store) -> &Postgres {
    let Engine::Postgres(postgres) = &store.engine else { panic!("not PostgreSQL") };
    postgres
}

fn note(key: &str, value: &str) -> Write {
    Write::new().execute(
        "insert into meta (key, value) values ($1, $2)",
        [Value::from(key), Value::from(value)],
    )
}

fn take(key: &str) -> Write {
    Write::new().guard("delete from meta where key = $1", [key.into()], 1, "already used")
}

async fn value(store: &Store, key: &str) -> Option<String> {
    let row = store.query_one("select value from meta where key = $1", [key.into()]).await.unwrap();
    row.map(|row| row.text(0).unwrap().to_owned())
}

fn event(number: i64) -> EventRow {
    EventRow {
        id: format!("event-{number}"),
        at: pki::time::Time(1_700_000_000 + number),
        kind: "gateway.saved".to_owned(),
        outcome: "done".to_owned(),
        actor: "admin".to_owned(),
        object: "gateway/school".to_owned(),
        body: "{}".to_owned(),
    }
}

/// Ends every connection to the database but the asking one.
async fn cut(store: &Store) {
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    drop(store.query(sql, []).await);
}

#[tokio::test]
async fn a_group_with_refusals_is_committed_without_them() {
    let store = fresh().await;
    let submit = |write: Write| {
        let (answer, answered) = oneshot::channel();
        let change = Change { write, events: Vec::new(), answer };
        assert!(postgres(&store).doors.as_ref().unwrap().changes.try_send(change).is_ok());
        answered
    };
    // The writer is busy with the first; the others queue behind it and become one group.
    let slow = submit(Write::new().execute("select pg_sleep(0.3)", []));
    let wrong = Write::new().execute("nonsense", []);
    let ends = Write::new().execute("rollback", []);
    let group = [note("a", "1"), take("missing"), note("a", "2"), wrong, ends, note("b", "2")];
    let [a, conflict, duplicate, wrong, ends, b] = group.map(submit);
    slow.await.unwrap().unwrap();
    a.await.unwrap().unwrap();
    b.await.unwrap().unwrap();
    assert!(matches!(conflict.await.unwrap(), Err(CommitError::Conflict(_))));
    assert!(matches!(duplicate.await.unwrap(), Err(CommitError::Constraint(_))));
    for refused in [wrong, ends] {
        let refused = refused.await.unwrap();
        assert!(matches!(refused, Err(CommitError::Store(StoreError::Statement(_)))));
    }
    assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
    assert_eq!(value(&store, "b").await.as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_write_one_chain() {
    let url = shared().database();
    let stores = [open(&url).await, open(&url).await];
    let writers: Vec<_> = (0..200)
        .map(|number| {
            let store = stores[usize::try_from(number % 2).unwrap()].clone();
            tokio::spawn(async move {
                Write::new().commit(&store, Why::Events(vec![event(number)])).await
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(audit::verify(&stores[0]).await.unwrap().rows, 200);
    assert_eq!(audit::verify(&stores[1]).await.unwrap().rows, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_together_make_one_database() {
    let url = shared().database();
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { open(&url).await })
        })
        .collect();
    for start in starts {
        start.await.unwrap();
    }
    let store = open(&url).await;
    assert_eq!(audit::verify(&store).await.unwrap().rows, 0);
}

#[tokio::test]
async fn another_master_key_is_refused() {
    let url = shared().database();
    drop(open(&url).await);
    let other = MasterKey::from_bytes(&[8; 32]);
    let refusal = Store::open_url(&url, &other).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Seal(SealError::WrongKey(_))), "{refusal}");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let url = shared().database();
    let store = open(&url).await;
    let newer = Write::new().execute("update schema_version set version = 4096", []);
    newer.commit(&store, NOTED).await.unwrap();
    let refusal = Store::open_url(&url, &master()).await.unwrap_err();
    assert!(matches!(refusal, StoreError::NewerSchema { found: 4096, .. }), "{refusal}");
}

#[tokio::test]
async fn an_address_where_nothing_is_is_refused() {
    let refusal = Store::open_url("postgres:///x?weather=fine", &master()).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Address(_)), "{refusal}");
    let nobody = "postgres:///x?user=x&host=/nonexistent";
    let refusal = Store::open_url(nobody, &master()).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Unreachable(_)), "{refusal}");
}

#[tokio::test]
async fn a_password_is_used_and_a_wrong_one_is_not_told() {
    let server = shared();
    let url = server.database();
    let name = url.trim_start_matches("postgres:///").split('?').next().unwrap();
    let rules = server.query(&url, "show hba_file");
    server.administer(&url, "create role school login password 'right-canary'");
    server.administer(&url, &format!("alter database {name} owner to school"));
    let lines = "array['local all school scram-sha-256', 'local all all trust']";
    server.administer(&url, &format!("copy (select unnest({lines})) to '{}'", rules.trim()));
    server.administer(&url, "select pg_reload_conf()");
    let with = |password| url.replace("user=postgres", &format!("user=school&password={password}"));
    // The server reads its rules in its own time.
    let refusal = loop {
        match Store::open_url(&with("wrong-canary"), &master()).await {
            Err(refusal) => break refusal,
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert!(matches!(refusal, StoreError::Unreachable(_)), "{refusal}");
    assert!(refusal.to_string().contains("password") && !refusal.to_string().contains("canary"));
    let store = open(&with("right-canary")).await;
    note("a", "1").commit(&store, NOTED).await.unwrap();
    let shown = Store::shown_url(&with("right-canary")).unwrap();
    assert!(shown.has_password && !shown.text.contains("canary"), "{}", shown.text);
}

#[test]
fn an_address_is_shown_as_it_is_written() {
    let check = |url: &str, expected: &str| {
        let shown = Store::shown_url(url).unwrap();
        assert_eq!((shown.text.as_str(), shown.has_password), (expected, url.contains("secret")));
    };
    check("postgres://a:secret@h/x", "postgres://a@h:5432/x");
    check("postgres://a@h1:1,h2:2/x", "postgres://a@h1:1,h2:2/x");
    check("postgres://a@[::1]:7/x?sslmode=disable", "postgres://a@[::1]:7/x");
    check("postgres:///x?host=/run/p&user=a&password=secret", "postgres://a@/run/p:5432/x");
    check("host=h user=a password=secret", "postgres://a@h:5432/a");
}

#[tokio::test]
async fn a_read_that_does_not_come_in_time_says_late() {
    let store = fresh().await;
    let late = store.query_blocking("select pg_sleep(1)", [], Duration::from_millis(10));
    assert_eq!(late.unwrap_err(), StoreError::Late);
}

#[tokio::test]
async fn reads_cannot_write() {
    let store = fresh().await;
    store.query("insert into meta values ('a', 'b')", []).await.unwrap_err();
    assert_eq!(value(&store, "a").await, None);
}

#[tokio::test]
async fn text_is_ordered_by_its_bytes() {
    let store = fresh().await;
    note("a", "").and(note("B", "")).and(note("_", "")).commit(&store, NOTED).await.unwrap();
    let sql = "select key from meta where value = '' order by key";
    let rows = store.query(sql, []).await.unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
    assert_eq!(keys, ["B", "_", "a"]);
}

#[tokio::test]
async fn an_announcement_comes_with_its_change_or_not_at_all() {
    let url = shared().database();
    let (here, there) = (open(&url).await, open(&url).await);
    let (mut at_home, mut abroad) = (here.changes(), there.changes());
    let refused = take("missing").announce(change::Topic::Rules, "refused");
    refused.commit(&here, NOTED).await.unwrap_err();
    let made = note("a", "1").announce(change::Topic::Certificate, "0b");
    made.commit(&here, NOTED).await.unwrap();
    let change = |here| {
        let key = "0b".to_owned();
        Some(Notice::Changed(change::Change { topic: change::Topic::Certificate, key, here }))
    };
    assert_eq!(at_home.next().await, change(true));
    assert_eq!(abroad.next().await, change(false));
    let long = "x".repeat(change::KEY_BYTES_MAX + 1);
    let long = Write::new().announce(change::Topic::Rules, long).commit(&here, NOTED).await;
    assert!(matches!(long, Err(CommitError::Store(StoreError::TooMany { .. }))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guard_found_stays_until_the_commit() {
    let url = shared().database();
    let (one, two) = (open(&url).await, open(&url).await);
    note("a", "1").commit(&one, NOTED).await.unwrap();
    let first = {
        let one = one.clone();
        let found = |key: &str| {
            let sql = "select key from meta where key = $1";
            Write::new().guard(sql, [key.into()], 1, "gone")
        };
        let slow = found("a").execute("select pg_sleep(0.5)", []).and(note("b", "2"));
        tokio::spawn(async move { slow.commit(&one, NOTED).await })
    };
    let asleep = "select pid from pg_stat_activity
        where datname = current_database() and wait_event = 'PgSleep'";
    while two.query(asleep, []).await.unwrap().is_empty() {}
    // It waits for the first, and then sees what that did.
    let after = Write::new().guard("select key from meta where key = 'b'", [], 1, "too early");
    take("a").and(after).commit(&two, NOTED).await.unwrap();
    first.await.unwrap().unwrap();
}

/// An answer took longer than anybody counts on, and is committed just as another server takes the
/// request over: one of the two gives up.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_that_answer_the_same_request_one_gives_up() {
    use crate::enrollment::{UNDER_WAY, UNDER_WAY_SECONDS, begin, keep};
    let url = shared().database();
    let (one, two) = (open(&url).await, open(&url).await);
    let [slow, fast] = [[1; 16], [2; 16]].map(pki::certificate::Serial::from_random);
    let began = pki::time::Time(1_800_000_000);
    let late = began.plus_seconds(UNDER_WAY_SECONDS + 1);
    let intended = "insert into certificate (serial, usage, authority, subject, names, assurance,
        not_before, not_after, status, intended_at, tbs)
        values ($1, 'device', 'a', 's', '[]', 0, 0, 0, 'intended', 0, $2)";
    let intended = |write: Write, serial: &pki::certificate::Serial| {
        write.execute(intended, [Value::from(serial.to_string()), Value::from([0_u8])])
    };
    let first = intended(begin(Write::new(), "request", &slow, began), &slow);
    first.commit(&one, NOTED).await.unwrap();
    let answer = {
        let one = one.clone();
        let write = keep(Write::new(), "request", &slow, late);
        let issued = "update certificate set status = 'issued' where serial = $1";
        let write = write.guard(issued, [Value::from(slow.to_string())], 1, "not intended");
        let write = write.execute("select pg_sleep(0.5)", []);
        tokio::spawn(async move { write.commit(&one, NOTED).await })
    };
    let asleep = "select pid from pg_stat_activity
        where datname = current_database() and wait_event = 'PgSleep'";
    while two.query(asleep, []).await.unwrap().is_empty() {}
    let taken = intended(begin(Write::new(), "request", &fast, late), &fast);
    let refusal = taken.commit(&two, NOTED).await.unwrap_err();
    assert!(matches!(&refusal, CommitError::Conflict(why) if why.0 == UNDER_WAY), "{refusal}");
    answer.await.unwrap().unwrap();
}

#[tokio::test]
async fn cut_connections_are_made_anew_and_listeners_told() {
    let store = fresh().await;
    let mut changes = store.changes();
    cut(&store).await;
    note("a", "1").commit(&store, NOTED).await.unwrap();
    assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
    assert_eq!(changes.next().await, Some(Notice::Missed));
}

#[tokio::test]
async fn a_server_that_was_away_is_found_again() {
    let server = Server::start();
    let store = open(&server.database()).await;
    let mut changes = store.changes();
    note("a", "1").commit(&store, NOTED).await.unwrap();
    server.stop();
    let refusal = note("b", "2").commit(&store, NOTED).await.unwrap_err();
    assert!(matches!(refusal, CommitError::Store(StoreError::Unreachable(_))), "{refusal}");
    let refusal = store.query("select 1", []).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Unreachable(_)), "{refusal}");
    assert_eq!(store.writer(), WriterState::Unreachable);
    server.start_again();
    // The listener is back before it says so, and then so is everything else.
    while changes.next().await != Some(Notice::Missed) {}
    assert_eq!(store.writer(), WriterState::Writing);
    let again = async {
        while note("b", "2").commit(&store, NOTED).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), again).await.unwrap();
    assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_connection_lost_in_a_commit_leaves_it_unconfirmed() {
    let store = fresh().await;
    let rule = "create function cut() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
        create constraint trigger cut after insert on visit deferrable initially deferred
        for each row execute function cut();";
    let address = Address::parse(&url_of(&store).await).unwrap();
    let shell = address.connect(Role::Writer).await.unwrap();
    shell.client.batch_execute(rule).await.unwrap();
    let visit = "insert into visit values ('a', 1, 'k', 'o', 'a', 'o', 'b')";
    let refusal = Write::new().execute(visit, []).commit(&store, NOTED).await.unwrap_err();
    assert!(matches!(refusal, CommitError::Store(StoreError::Unconfirmed)), "{refusal}");
    note("a", "1").commit(&store, NOTED).await.unwrap();
}

/// Where the database of a store is, asked of itself.
async fn url_of(store: &Store) -> String {
    let sql = "select current_database(), current_setting('unix_socket_directories')";
    let row = store.query_one(sql, []).await.unwrap().unwrap();
    format!("postgres:///{}?user=postgres&host={}", row.text(0).unwrap(), row.text(1).unwrap())
}

#[tokio::test]
async fn a_failing_step_leaves_nothing_of_itself() {
    const BROKEN: &[crate::migration::Step] = &[crate::migration::Step {
        name: "0001_a.sql",
        sql: "create table a (x blob); insert into nowhere values (1)",
    }];
    let url = shared().database();
    let mut connection = Address::parse(&url).unwrap().connect(Role::Writer).await.unwrap();
    let failure = schema::apply(&mut connection, BROKEN).await.unwrap_err();
    assert!(matches!(failure, StoreError::Migration { step: "0001_a.sql", .. }), "{failure}");
    connection.client.batch_execute("create table a (x bigint)").await.unwrap();
}
