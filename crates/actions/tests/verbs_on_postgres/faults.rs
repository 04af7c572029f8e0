//! The database server goes away, comes back, or is slow: enrollment waits or says why not, logins
//! go on, and no device has two certificates.

use std::collections::HashSet;
use std::sync::Arc;

use actions::certificate::revocation::revoke;
use actions::visit;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::claim::Claim;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use store::Store;
use store::WriterState;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;
use tests::postgres::Postgres;

use crate::engine::Memory;
use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::owner;
use crate::fixture::until;

/// Devices that ask while the server goes and comes.
const DEVICES: usize = 48;

/// Asks as a device does, which repeats the very same request until it has its certificate.
async fn persist(servers: [Arc<Fixture>; 2], claim: Claim) -> Certificate {
    for server in servers.iter().cycle() {
        match server.issue(&claim).await {
            Ok(issued) => return Certificate::parse(&issued.der).unwrap(),
            Err(Refusal::StoreUnavailable { .. }) => tokio::task::yield_now().await,
            Err(Refusal::InProgress { .. }) => {
                // A minute later whoever began it counts as gone.
                for server in &servers {
                    server.set_clock(server.app.world.time().plus_seconds(1));
                }
            }
            Err(other) => panic!("{other}"),
        }
    }
    unreachable!("the servers never end")
}

async fn rows(store: &Store, sql: &'static str) -> i64 {
    store.query_one(sql, []).await.unwrap().unwrap().integer(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_restarted_under_load_gives_each_key_one_certificate() {
    let server = Postgres::start();
    let memory = Arc::new(Memory::on(&server));
    let one = Arc::new(Fixture::over(Arc::clone(&memory), 1).await.with_mosyle().await);
    let two = Arc::new(one.beside().await);
    let first = one.issue(&one.claim()).await.unwrap();
    let first = Certificate::parse(&first.der).unwrap();
    visit::stand(&two.app.snapshot, &first, NOW).unwrap();
    let devices: Vec<_> = (0..DEVICES)
        .map(|number| {
            let mut servers = [Arc::clone(&one), Arc::clone(&two)];
            servers.rotate_left(number % 2);
            let claim = servers[0].claim_of(&format!("CN=device-{number}"), &[]);
            tokio::spawn(persist(servers, claim))
        })
        .collect();
    for _ in 0..3 {
        server.stop();
        // Who was admitted before is admitted now.
        for fixture in [&one, &two] {
            visit::stand(&fixture.app.snapshot, &first, NOW).unwrap();
        }
        server.start_again();
    }
    let mut serials = HashSet::new();
    for device in devices {
        assert!(serials.insert(device.await.unwrap().serial));
    }
    assert_eq!(serials.len(), DEVICES);
    for fixture in [&one, &two] {
        until("it is back", || fixture.app.store.writer() == WriterState::Writing).await;
    }
    let issued = "select count(*) from certificate where usage = 'device' and status = 'issued'";
    assert_eq!(rows(&one.app.store, issued).await, i64::try_from(DEVICES + 1).unwrap());
    store::audit::verify(&one.app.store).await.unwrap();
    store::audit::verify(&two.app.store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_away_enrollment_says_so_and_what_was_missed_is_read_after() {
    let server = Postgres::start();
    let memory = Arc::new(Memory::on(&server));
    let one = Fixture::over(Arc::clone(&memory), 1).await.with_mosyle().await;
    let two = one.beside().await;
    let issued = one.issue(&one.claim()).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    let stand = |fixture: &Fixture| visit::stand(&fixture.app.snapshot, &certificate, NOW);
    stand(&two).unwrap();
    server.stop();
    let refusal = one.issue(&one.claim()).await.unwrap_err();
    assert_eq!(refusal.code(), "SYS-STORE", "{refusal}");
    let reason = RevocationReason::KeyCompromise;
    let refusal = revoke(&one.app, &owner(), &certificate.serial, reason).await.unwrap_err();
    assert_eq!(refusal.code(), "SYS-STORE", "{refusal}");
    until("it is known", || one.app.store.writer() == WriterState::Unreachable).await;
    stand(&one).unwrap();
    server.start_again();
    until("it is back", || one.app.store.writer() == WriterState::Writing).await;
    // The second server has been listening to nobody: it reads what happened meanwhile.
    while revoke(&one.app, &owner(), &certificate.serial, reason).await.is_err() {
        tokio::task::yield_now().await;
    }
    until("the other knows", || stand(&two).is_err()).await;
    one.issue(&one.claim()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_delays_enrollment_and_no_login() {
    let fixture = Arc::new(Fixture::mosyle().await);
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    let store = fixture.app.store.clone();
    let slow = tokio::spawn(async move {
        let why = Why::Bookkeeping(Bookkeeping::SecretUsed);
        Write::new().execute("select pg_sleep(1)", []).commit(&store, why).await.unwrap();
    });
    let other = Arc::clone(&fixture);
    let waiting = tokio::spawn(async move { other.issue(&other.claim()).await });
    let mut logins = 0;
    while !slow.is_finished() {
        visit::stand(&fixture.app.snapshot, &certificate, NOW).unwrap();
        logins += 1;
        tokio::task::yield_now().await;
    }
    assert!(logins > 100, "{logins} logins in a second");
    let issued = waiting.await.unwrap().unwrap();
    assert_eq!(issued.certificate.status, Status::Issued);
}
