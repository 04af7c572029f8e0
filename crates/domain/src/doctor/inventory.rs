//! The inventory, and what policies and templates expect of it.

use super::Case;
use super::Report;
use super::check;
use super::counted;
use super::listed;
use super::observation::SeenInventory;
use crate::condition::Condition;
use crate::condition::Field;
use crate::network_policy::NetworkPolicy;
use crate::object::Kind;
use crate::variable::Expression;
use crate::variable::Variable;

/// What only a device of the inventory has.
const OF_DEVICES: [Field; 12] = [
    Field::DeviceKnown,
    Field::DeviceName,
    Field::DeviceSerial,
    Field::DeviceUdid,
    Field::DeviceModel,
    Field::DeviceOs,
    Field::DeviceOsVersion,
    Field::DeviceMac,
    Field::DeviceTags,
    Field::DeviceStatus,
    Field::DeviceInventoryAge,
    Field::NetworkMacKnown,
];

/// What only a person of the inventory has.
const OF_PEOPLE: [Field; 6] = [
    Field::IdentityKnown,
    Field::IdentityName,
    Field::IdentityEmail,
    Field::IdentityUpn,
    Field::IdentityGroups,
    Field::IdentityStatus,
];

pub(super) fn examine(case: &Case<'_>, report: &mut Report) {
    for (policy, device) in &case.seen.lost_tests {
        if let Some(policy) = case.organization.find::<NetworkPolicy>(policy) {
            let what = format!("a test of it names the device {device}, which is not there");
            report.add(&check::TEST_DEVICE_GONE, policy, what);
        }
    }
    let Some(inventory) = &case.seen.inventory else { return };
    if inventory.devices == 0 {
        let (check, object) = (&check::INVENTORY_NONE, "inventory:devices");
        let asking = asking(case, &OF_DEVICES, true);
        if !asking.is_empty() {
            let asking = listed(asking.iter().map(String::as_str));
            let what = format!("there is no device in the inventory, and {asking} asks for one");
            report.add_as(check, check.severity, object.to_owned(), what);
        }
    }
    if inventory.people == 0 {
        let (check, object) = (&check::PEOPLE_NONE, "inventory:people");
        let asking = asking(case, &OF_PEOPLE, false);
        if !asking.is_empty() {
            let asking = listed(asking.iter().map(String::as_str));
            let what = format!("there is no person in the inventory, and {asking} asks for one");
            report.add_as(check, check.severity, object.to_owned(), what);
        }
    }
    state(inventory, report);
}

fn state(inventory: &SeenInventory, report: &mut Report) {
    let SeenInventory { devices, stale_devices, lost_devices, lost_certificates, .. } = inventory;
    let object = || "inventory:devices".to_owned();
    if stale_devices.saturating_mul(2) > *devices {
        let what = format!(
            "of {} in the inventory, nothing was told of {stale_devices} for more than a week",
            counted(*devices, "device", "devices")
        );
        let check = &check::INVENTORY_STALE;
        report.add_as(check, check.severity, object(), what);
    }
    if *lost_certificates > 0 {
        let what = format!(
            "{} lost, wiped or retired, with {} in use",
            counted(*lost_devices, "device is", "devices are"),
            counted(*lost_certificates, "certificate", "certificates")
        );
        let check = &check::LOST_CERTIFICATE;
        report.add_as(check, check.severity, object(), what);
    }
}

/// The policies and templates that want something of the inventory.
fn asking(case: &Case<'_>, fields: &[Field], of_devices: bool) -> Vec<String> {
    let looks = |condition: &Condition| fields.iter().any(|field| condition.looks_at(*field));
    let policies = case.policies;
    let mut asking = Vec::new();
    let mut ask = |kind: Kind, name: &str| asking.push(format!("{} {name}", kind.words()));
    for ready in policies.workflows.iter().filter(|one| looks(one.condition())) {
        ask(Kind::PolicyWorkflow, &ready.policy.name);
    }
    for ready in &policies.enrollment {
        let settings = ready.policy.settings.as_ref();
        let assured = of_devices && settings.is_some_and(|settings| settings.assurance > 0);
        if looks(ready.condition()) || assured {
            ask(Kind::EnrollmentPolicy, &ready.policy.name);
        }
    }
    for ready in policies.network.iter().filter(|one| looks(one.condition())) {
        ask(Kind::NetworkPolicy, &ready.policy.name);
    }
    for template in &case.organization.certificate_template {
        let san = &template.san;
        let lists = [&san.dns, &san.email, &san.uri, &san.upn, &san.permanent_identifier];
        let lines = lists.into_iter().flatten().chain([&template.subject]);
        let needs = |text: &String| {
            let Ok(expression) = Expression::parse(text) else { return false };
            let only = |variable: &Variable| {
                variable.is_of_inventory()
                    && variable.as_str().starts_with("/device/") == of_devices
            };
            expression.choices().any(|choice| choice.iter().all(only))
        };
        if lines.chain(&template.security_identifier).any(needs) {
            ask(Kind::CertificateTemplate, &template.name);
        }
    }
    asking
}
