//! Bits that a disk changed: the database refuses, or everything that is read is what was written.

use std::sync::Mutex;

use domain::certificate::search::Search;
use domain::certificate::{Certificate, RevocationReason, Status, Usage};
use domain::device::{Device, DeviceId, Source};
use domain::organization::Settings;
use domain::person::Person;
use domain::secret::Secret;
use pki::certificate::Serial;
use pki::time::Time;

use super::torn::Dice;
use super::*;
use crate::gateway::KeptSecret;
use crate::private_key::OpenedKey;
use crate::rendering::Rendering;
use crate::server_slot::ServerSlots;
use crate::{access_point, certificate, device, gateway, organization, person};
use crate::{private_key, rendering, revocation_list, server_slot};

/// Changes of a byte or a page that are tried.
const CHANGES: usize = 1000;

const NOW: Time = Time(1_800_000_000);

/// Everything that can be read, as text.
type Reading = Vec<String>;

fn serial(number: u8) -> Serial {
    let mut random = [number; 16];
    random[0] = 1 + number / 2;
    Serial::from_random(random)
}

const CERTIFICATES: u8 = 80;

fn sample(number: u8) -> Certificate {
    Certificate {
        serial: serial(number),
        usage: Usage::Device,
        authority: "School SCEP CA".to_owned(),
        generation: 1,
        subject: format!("CN=mac-{number}"),
        names: vec![format!("dns:mac-{number}.example.test")],
        gateway: Some("Mosyle".to_owned()),
        template: Some("Mac".to_owned()),
        device: Some(format!("mac-{number}")),
        device_id: (!number.is_multiple_of(5)).then_some(DeviceId(u64::from(number))),
        person: number.is_multiple_of(2).then(|| format!("{number}@example.test")),
        assurance: number % 3,
        key: Some(format!("{number:064x}")),
        rendering: None,
        not_before: NOW,
        not_after: NOW.plus_seconds(86_400),
        status: Status::Intended,
        revoked_at: None,
        revocation_reason: None,
        version: 0,
    }
}

async fn fill(store: &Store) {
    for number in 0..CERTIFICATES {
        let mut certificate = sample(number);
        let write = certificate::intend(Write::new(), &certificate, &[number; 500], NOW);
        write.commit(store, NOTED).await.unwrap();
        if number % 4 > 0 {
            certificate.mark_issued();
            let write = certificate::issued(Write::new(), &certificate, &[number; 700]);
            write.commit(store, NOTED).await.unwrap();
        }
        if number % 4 == 3 {
            let reason = RevocationReason::KeyCompromise;
            certificate.revoke(NOW, reason).unwrap();
            let write = certificate::stand(Write::new(), &certificate);
            write.commit(store, NOTED).await.unwrap();
        }
    }
    let key = OpenedKey {
        usage: Usage::Authority,
        owner: "School SCEP CA".to_owned(),
        generation: 1,
        certificate: vec![7; 600],
        chain: Some("PEM ".repeat(100)),
        pkcs8: zeroize::Zeroizing::new(vec![8; 1200]),
    };
    let slots = ServerSlots { name: "RADIUS".to_owned(), active: 3, next: Some(4), previous: None };
    let rendered = Rendering {
        number: 7,
        profile: "Wi-Fi".to_owned(),
        content: "0123456789abcdef".to_owned(),
        roots: vec!["AB".repeat(32), "CD".repeat(32)],
        names: vec!["radius.example.test".to_owned()],
        at: NOW,
    };
    let settings = Settings { name: "School".to_owned(), ..Settings::default() };
    let write = organization::save(Write::new(), &settings, 0);
    let write = private_key::add(write, &master(), &key, NOW);
    let write = server_slot::save(write, &slots);
    let write = rendering::add(write, &rendered);
    let write = access_point::save_secret(write, &master(), "Lab", &Secret::new("shared"), NOW);
    let (id, gateway) = ("secret-1".to_owned(), "Mosyle".to_owned());
    let write = gateway::add_secret(write, &KeptSecret { id, gateway, hash: [9; 32] }, "test", NOW);
    let list = revocation_list::Kept {
        authority: "School SCEP CA".to_owned(),
        generation: 1,
        number: 7,
        der: vec![6; 900],
    };
    let write = revocation_list::save(write, &list, 0);
    let network = serde_json::json!({ "name": "Lab", "address": "127.0.0.1" });
    let network: domain::access_point::AccessPoint = serde_json::from_value(network).unwrap();
    let write = organization::save_object(write, &network, 0, NOW);
    let devices = (0..60_u8).map(|number| {
        let mut device = Device::new(DeviceId(u64::from(number)), &format!("mac-{number}"));
        let told = serde_json::json!({ "serial": format!("C02XK{number}") });
        device.tell(&serde_json::from_value(told).unwrap(), Source::Import, NOW);
        (device, 0)
    });
    let write = device::save(write, devices, NOW);
    let people = [(Person::new("Anna", Source::File, NOW), 0)];
    let write = person::save(write, people, NOW);
    write.commit(store, NOTED).await.unwrap();
}

/// Reads everything in every way that the program does.
async fn read(store: &Store) -> Result<Reading, StoreError> {
    let reading = Mutex::new(Reading::new());
    certificate::standings(store, |serial, standing| {
        reading.lock().unwrap().push(format!("{serial} {standing:?}"));
    })?;
    let mut reading = reading.into_inner().unwrap();
    // Several threads read, in no order.
    reading.sort();
    for kept in certificate::search::list(store, (&Search::default(), &[]), None, 1000).await? {
        reading.push(format!("{kept:?}"));
    }
    for number in 0..CERTIFICATES {
        reading.push(format!("{:?}", certificate::find(store, &serial(number)).await?));
        let standing = certificate::standing_blocking(store, &serial(number))?;
        reading.push(format!("{standing:?}"));
    }
    reading.push(format!("{:?}", organization::load(store).await?));
    for key in private_key::load(store, &master()).await? {
        reading.push(format!("{key:?} {:?} {:?} {:?}", key.certificate, *key.pkcs8, key.chain));
    }
    reading.push(format!("{:?}", server_slot::load(store).await?));
    reading.push(format!("{:?}", rendering::of_profile(store, "Wi-Fi").await?));
    for secret in gateway::secrets(store).await? {
        reading.push(format!("{secret:?}"));
    }
    reading.push(format!("{:?}", revocation_list::load(store).await?));
    let revoked = revocation_list::revoked(store, "School SCEP CA", 1, NOW)?;
    assert!(revoked.is_sorted_by_key(|one| one.serial.clone()));
    reading.push(format!("{revoked:?}"));
    let inventory = Mutex::new(Reading::new());
    device::load(store, |kept| inventory.lock().unwrap().push(format!("{kept:?}")))?;
    person::load(store, |kept| inventory.lock().unwrap().push(format!("{kept:?}")))?;
    let mut inventory = inventory.into_inner().unwrap();
    inventory.sort();
    reading.extend(inventory);
    for (name, secret) in access_point::secrets(store, &master()).await? {
        reading.push(format!("{name} {}", secret.reveal()));
    }
    Ok(reading)
}

#[expect(clippy::disallowed_methods, reason = "the test plays the disk")]
#[tokio::test]
async fn a_thousand_damages_are_refused_or_change_nothing_that_is_read() {
    let directory = TestDirectory::new();
    let store = Store::open(&directory.0, &master()).unwrap();
    fill(&store).await;
    let written = read(&store).await.unwrap();
    drop(store);
    let file = std::fs::read(directory.0.join(directory::DATABASE)).unwrap();
    let mut dice = Dice(0x0bad_d15c);
    let (mut refused_open, mut refused_read) = (0, 0);
    for change in 0..CHANGES {
        let mut damaged = file.clone();
        let at = dice.below(file.len());
        if change % 20 == 0 {
            let page = at / 4096 * 4096;
            damaged[page..page + 4096].fill(0);
        } else {
            damaged[at] ^= u8::try_from(1 + dice.below(255)).unwrap();
        }
        let copy = TestDirectory::new();
        std::fs::write(copy.0.join(directory::DATABASE), &damaged).unwrap();
        match Store::open(&copy.0, &master()) {
            Err(refusal) => {
                assert!(refusal.to_string().len() > 20, "{refusal}");
                refused_open += 1;
            }
            Ok(store) => match read(&store).await {
                Err(_) => refused_read += 1,
                Ok(reading) => assert_eq!(reading, written, "byte {at} was changed unseen"),
            },
        }
    }
    let harmless = CHANGES - refused_open - refused_read;
    println!("{refused_open} not opened, {refused_read} refused when read, {harmless} harmless");
    assert!(refused_open > 50 && refused_read > 100, "{refused_open} {refused_read}");
}

/// Who edits a row with a program of his own is found out, and the row is named.
#[tokio::test]
async fn an_edited_row_is_refused_by_name() {
    let revoked = "update certificate set status = 'issued', revoked_at = null,
        revocation_reason = null where status = 'revoked'";
    let cases = [
        (revoked, "certificate \""),
        ("update certificate set gateway = 'Other'", "certificate \""),
        ("update certificate set subject = 'CN=root'", "certificate \""),
        ("update certificate set der = tbs where der is not null", "certificate \""),
        ("update certificate set not_after = not_after + 1", "certificate \""),
        ("update certificate set der = null, der_stamp = null", "certificate \""),
        ("update certificate set bound = '2' || substr(bound, 2)", "certificate \""),
        ("update certificate set bound = null", "certificate \""),
        ("update device set body = replace(body, 'C02', 'C03')", "device \"mac-"),
        ("update device set serial = null", "device \"mac-"),
        ("update person set name = 'Eve'", "person \"Eve\""),
        ("update organization set version = version + 1", "organization \""),
        ("update object set body = replace(body, '127', '10')", "object \"Lab\""),
        ("update private_key set certificate = x'00'", "private_key \"School"),
        ("update gateway_secret set hash = zeroblob(32)", "gateway_secret \"secret-1\""),
    ];
    for (sql, name) in cases {
        let directory = TestDirectory::new();
        let store = Store::open(&directory.0, &master()).unwrap();
        fill(&store).await;
        drop(store);
        let connection = Connection::open(directory.0.join(directory::DATABASE)).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        drop(connection);
        let store = Store::open(&directory.0, &master()).unwrap();
        let refusal = read(&store).await.unwrap_err().to_string();
        assert!(refusal.contains(name), "{sql}: {refusal}");
        assert!(refusal.contains("put back its last backup"), "{refusal}");
    }
}
