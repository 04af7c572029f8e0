//! Tables of devices and people: read, merged into an inventory, and merged again.
#![no_main]

use domain::{
    complaint::Complaints,
    device::{Device, DeviceId, Source, told::Told},
    inventory::{
        Inventory,
        csv::{self, Row, Table},
        merge::{self, Merged, Outcome, Telling},
    },
    person,
};
use fuzz::seed;
use libfuzzer_sys::fuzz_target;
use pki::time::Time;

const TELLING: Telling = Telling { source: Source::Import, at: Time(1_795_000_000), place: "line" };

const SEEDS: [&str; 4] = [
    "name,serial,udid,model,os,os_version,mac_addresses,owner,tags,status\n\
     A,S1,U1,Air,macOS,14,a4:83:e7:00:11:22;a483e7001133,Anna,x;y,lost\nB,S2,,,,,,,,\n",
    "\u{feff}device_name;serial_number;useremail;wifi_mac_address\r\niPad;S3;a@x;\r\niPad;S4;;\r\n",
    "name,email,upn,sid,groups,status\nAnna,a@x,,S-1,g;h,disabled\n",
    "Serial Number\tOS Version\n\"S\"\"5\"\t\"1\n2\"\n",
];

fuzz_target!(
    init: seed::plant(SEEDS.map(|text| text.as_bytes().to_vec())),
    |data: &[u8]| check(data)
);

fn check(data: &[u8]) {
    let inventory = Inventory::default();
    // Something to be matched, told by the inventory and by a request.
    for (id, source) in [(1, Source::Import), (2, Source::Request)] {
        let mut device = Device::new(DeviceId(id), if id == 1 { "A" } else { "S1" });
        let told = Told { serial: Some(format!("S{}", 3 - id)), ..Told::default() };
        device.tell(&told, source, TELLING.at);
        inventory.set_device(device, 1);
    }
    if let Some(table) = read::<Told>(data) {
        let merged = merge(&inventory, table.rows.clone(), 1000);
        answered(&table, &merged);
        for planned in merged.planned {
            let mut list = Vec::new();
            let name = Some(planned.after.name.clone());
            Told { name, ..Told::default() }.check(&mut Complaints::new("", &mut list));
            assert!(list.is_empty(), "{list:?}");
            let version = planned.before.map_or(1, |(_, version)| version + 1);
            inventory.set_device(planned.after, version);
        }
        answered(&table, &merge(&inventory, table.rows.clone(), 900_000));
    }
    if let Some(table) = read::<person::Told>(data) {
        answered(&table, &merge::people(&inventory, table.rows.clone(), TELLING));
    }
}

fn read<T: csv::Record>(data: &[u8]) -> Option<Table<T>> {
    match csv::read::<T>(data) {
        Ok(table) => Some(table),
        Err(complaint) => {
            assert!(!complaint.what.is_empty() && !complaint.fix.is_empty());
            None
        }
    }
}

fn merge(inventory: &Inventory, rows: Vec<Row<Told>>, first: u64) -> Merged<Device> {
    let mut next = first;
    let mut draw = || {
        next += 1;
        DeviceId(next)
    };
    merge::devices(inventory, rows, TELLING, &mut draw)
}

/// Each row has its answer, and a refused one says why.
fn answered<T, R>(table: &Table<T>, merged: &Merged<R>) {
    assert_eq!(table.rows.len(), merged.answers.len());
    for (row, answer) in table.rows.iter().zip(&merged.answers) {
        assert_eq!(row.line, answer.line);
        assert_eq!(answer.outcome == Outcome::Refused, !answer.complaints.is_empty());
        assert!(answer.complaints.iter().all(|it| !it.what.is_empty() && !it.fix.is_empty()));
    }
}
