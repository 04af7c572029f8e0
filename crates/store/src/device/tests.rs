//! Keeping, listing and removing devices and people.

use domain::device::Source;
use domain::device::told::Told;
use domain::person::Person;

use super::*;
use crate::person;
use crate::seal::MasterKey;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::Why;

const NOW: Time = Time(1_800_000_000);

fn store() -> Store {
    Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap()
}

fn device(id: u64, name: &str, serial: &str) -> Device {
    let mut device = Device::new(DeviceId(id), name);
    let told = Told { serial: Some(serial.to_owned()), ..Told::default() };
    device.tell(&told, Source::Import, NOW);
    device
}

async fn commit(store: &Store, write: Write) -> Result<(), CommitError> {
    write.commit(store, Why::Bookkeeping(Bookkeeping::DeviceHeard)).await
}

async fn names(store: &Store, start: &str, limit: u32) -> Vec<String> {
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page = list(store, start, after.as_ref(), limit).await.unwrap();
        let Some((place, _)) = page.last() else { return names };
        after = Some(place.clone());
        names.extend(page.iter().map(|(_, kept)| kept.device.name.clone()));
    }
}

#[tokio::test]
async fn thousands_are_kept_by_one_change_and_read_back() {
    let store = store();
    let all = (0..12_345).map(|id| (device(id, &format!("d{id:05}"), &format!("S{id}")), 0));
    commit(&store, save(Write::new(), all, NOW)).await.unwrap();
    let read = std::sync::Mutex::new(Vec::new());
    load(&store, |kept| read.lock().unwrap().push(kept)).unwrap();
    let mut read = read.into_inner().unwrap();
    read.sort_by_key(|kept| kept.device.id);
    assert_eq!(read.len(), 12_345);
    assert_eq!(read[77].device, device(77, "d00077", "S77"));
    assert_eq!((read[77].version, read[77].changed_at), (1, NOW));
    let one = find(&store, &[DeviceId(3), DeviceId(99_999)]).await.unwrap();
    assert_eq!(one.len(), 1);
    assert_eq!(find_blocking(&store, &DeviceId(3)).unwrap().as_ref(), one.first());
    assert_eq!(find_blocking(&store, &DeviceId(99_999)).unwrap(), None);
}

#[tokio::test]
async fn a_change_is_of_the_version_that_was_read() {
    let store = store();
    let first = device(1, "a", "S1");
    commit(&store, save(Write::new(), [(first.clone(), 0)], NOW)).await.unwrap();
    for before in [0, 2] {
        let late = commit(&store, save(Write::new(), [(first.clone(), before)], NOW)).await;
        assert!(matches!(late, Err(CommitError::Conflict(_))), "{late:?}");
    }
    commit(&store, save(Write::new(), [(device(1, "b", "S2"), 1)], NOW)).await.unwrap();
    let late = commit(&store, remove(Write::new(), &[(DeviceId(1), 1)])).await;
    assert!(matches!(late, Err(CommitError::Conflict(_))), "{late:?}");
    // A name and a number are one device's.
    for other in [device(2, "b", "S3"), device(2, "c", "s2")] {
        let taken = commit(&store, save(Write::new(), [(other, 0)], NOW)).await;
        assert!(matches!(taken, Err(CommitError::Constraint(_))), "{taken:?}");
    }
    commit(&store, remove(Write::new(), &[(DeviceId(1), 2)])).await.unwrap();
    assert!(find(&store, &[DeviceId(1)]).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_request_tells_never_stops_the_change_that_it_is_part_of() {
    let store = store();
    let propose = async |device: &Device, before: i64| {
        let versions = ((before > 0).then_some(before), before + 1);
        commit(&store, propose(Write::new(), device, versions, NOW)).await.unwrap();
        let found = find(&store, &[device.id]).await.unwrap().pop();
        found.map(|kept| (kept.device.name, kept.version))
    };
    assert_eq!(propose(&device(1, "a", "S1"), 0).await, Some(("a".into(), 1)));
    // Somebody was faster, has the name, or has the number.
    assert_eq!(propose(&device(1, "x", "S9"), 0).await, Some(("a".into(), 1)));
    assert_eq!(propose(&device(2, "a", "S2"), 0).await, None);
    assert_eq!(propose(&device(2, "b", "s1"), 0).await, None);
    assert_eq!(propose(&device(2, "b", "S2"), 0).await, Some(("b".into(), 1)));
    assert_eq!(propose(&device(2, "b", "S1"), 1).await, Some(("b".into(), 1)));
    assert_eq!(propose(&device(2, "b", "S3"), 1).await, Some(("b".into(), 2)));
    assert_eq!(propose(&device(2, "b", "S4"), 1).await, Some(("b".into(), 2)));
}

#[tokio::test]
async fn pages_follow_each_other_by_name_and_then_by_serial_number() {
    let store = store();
    let all = [
        device(5, "Beta", "S1"),
        device(4, "alpha", "S2"),
        device(3, "Gamma", "beta-7"),
        device(2, "delta", "BETA-1"),
        device(1, "beta", "beta-3"),
    ];
    commit(&store, save(Write::new(), all.map(|one| (one, 0)), NOW)).await.unwrap();
    for limit in [1, 2, 3, 100] {
        let all = names(&store, "", limit).await;
        assert_eq!(all, ["alpha", "beta", "Beta", "delta", "Gamma"], "{limit}");
        assert_eq!(names(&store, "BE", limit).await, ["beta", "Beta", "delta", "Gamma"], "{limit}");
        assert_eq!(names(&store, "s", limit).await, ["Beta", "alpha"], "{limit}");
        assert!(names(&store, "%", limit).await.is_empty());
    }
}

#[tokio::test]
async fn people_are_kept_listed_and_removed() {
    let store = store();
    let person = |name: &str| (Person::new(name, Source::Import, NOW), 0);
    let write = person::save(Write::new(), ["Zoe", "anna", "Ann"].map(person), NOW);
    commit(&store, write).await.unwrap();
    let again = commit(&store, person::save(Write::new(), [person("Zoe")], NOW)).await;
    assert!(matches!(again, Err(CommitError::Conflict(_))), "{again:?}");
    let list = async |start: &str, after: Option<&str>| {
        let page = person::list(&store, start, after, 2).await.unwrap();
        page.into_iter().map(|kept| kept.person.name).collect::<Vec<_>>()
    };
    assert_eq!(list("", None).await, ["Ann", "anna"]);
    assert_eq!(list("", Some("anna")).await, ["Zoe"]);
    assert_eq!(list("AN", Some("Ann")).await, ["anna"]);
    commit(&store, person::remove(Write::new(), &[("Zoe".to_owned(), 1)])).await.unwrap();
    assert_eq!(person::find(&store, "Zoe").await.unwrap(), None);
    assert_eq!(person::find(&store, "Ann").await.unwrap().unwrap().version, 1);
    let gone = commit(&store, person::remove(Write::new(), &[("Zoe".to_owned(), 1)])).await;
    assert!(matches!(gone, Err(CommitError::Conflict(_))), "{gone:?}");
}

/// Pages walk along an index, whatever their number.
#[tokio::test]
async fn pages_are_walks_along_one_index() {
    let store = store();
    for (sql, index) in [
        (
            "select name from device where (substr(lower(name), 1, 128), id) > ('a', '')
             and substr(lower(name), 1, 128) < 'b'
             order by substr(lower(name), 1, 128), id limit 5",
            "device_name_start",
        ),
        (
            "select serial from certificate where substr(bound, 3, 16) = 'x'
             order by intended_at desc, serial desc limit 5",
            "certificate_bound",
        ),
    ] {
        let plan = store.query(format!("explain query plan {sql}"), []).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        assert!(plan.len() == 1 && plan[0].contains(index), "{plan:?}");
    }
}
