//! The values that variables have for one request: what the inventory knows of its device, else
//! what it says itself.

use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::general_name::GeneralName;
use pki::name::Name;
use pki::time::Time;

use super::VALUE_CHARS_MAX;
use super::VARIABLES;
use super::Variable;
use crate::condition::Facts;
use crate::device::Device;
use crate::device::Source;
use crate::inventory::matching::Matched;
use crate::person::Person;

/// Where values are found in a request, as words.
const COMMON_NAME: &str = "the subject's CN";
const DNS: &str = "the first DNS name";
const EMAIL: &str = "the first e-mail address";
const URI: &str = "the first URI";
const UPN: &str = "the first principal name";

/// The values of one request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Values {
    client_id: Option<String>,
    identity: Option<String>,
    /// What of a request the identity was taken from.
    identity_from: &'static str,
    /// The number of the certificate that was read in place of a request.
    certificate: Option<Serial>,
    common_name: Option<String>,
    dns: Option<String>,
    email: Option<String>,
    uri: Option<String>,
    upn: Option<String>,
    /// What the inventory knows: it comes first.
    known: Vec<Known>,
}

/// A value from the inventory.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Known {
    variable: Variable,
    value: String,
    /// Who told it and when, as words.
    source: String,
}

impl Values {
    /// The values of a request that matches no inventory record.
    ///
    /// `clientId` is the subject's first CN; `identity` the first SAN in the order DNS, e-mail,
    /// URI, principal name, else the CN.
    pub fn of_request(subject: &Name, names: &[GeneralName]) -> Self {
        let common_name = subject.common_names().next().and_then(usable);
        let first = |pick: fn(&GeneralName) -> Option<&str>| names.iter().find_map(pick);
        let dns = first(dns).and_then(usable);
        let email = first(email).and_then(usable);
        let uri = first(uri).and_then(usable);
        let upn = first(upn).and_then(usable);
        Self::of_texts(common_name, [dns, email, uri, upn])
    }

    /// The values of a CN and the first SAN of each kind.
    fn of_texts(common_name: Option<String>, [dns, email, uri, upn]: [Option<String>; 4]) -> Self {
        let by_kind =
            [(DNS, &dns), (EMAIL, &email), (URI, &uri), (UPN, &upn), (COMMON_NAME, &common_name)];
        let found = by_kind.into_iter().find(|(_, value)| value.is_some());
        let (identity_from, identity) =
            found.map_or(("", None), |(from, value)| (from, value.clone()));
        Self {
            client_id: common_name.clone(),
            identity,
            identity_from,
            certificate: None,
            common_name,
            dns,
            email,
            uri,
            upn,
            known: Vec::new(),
        }
    }

    /// The values of what a device's certificate says, as if a request said it.
    pub fn of_certificate(certificate: &Certificate) -> Self {
        let values = Self::of_request(&certificate.subject, &certificate.general_names());
        Self { certificate: Some(certificate.serial.clone()), ..values }
    }

    /// The values of what was known when a policy was asked: of the certificate, else of the
    /// request, and of the inventory.
    pub fn of_facts(facts: &Facts) -> Self {
        let certificate = facts.certificate.as_ref().map(|one| &one.names);
        let request = facts.request.as_ref().map(|one| &one.names);
        let Some(names) = request.or(certificate) else { return Self::default() };
        let first = |texts: &[String]| texts.first().and_then(|text| usable(text));
        let values = Self::of_texts(
            first(&names.common_name),
            [first(&names.dns), first(&names.email), first(&names.uri), first(&names.upn)],
        );
        let (device, person) = (facts.device.clone(), facts.person.clone());
        values.matched(&Matched { device, person, ..Matched::default() }, facts.at)
    }

    /// The values of a request that was matched: what the inventory knows comes before what the
    /// request says. `clientId` is the record's serial number, else its UDID, else its name;
    /// `identity` its owner's e-mail address, else its name.
    #[must_use]
    pub fn matched(mut self, matched: &Matched, now: Time) -> Self {
        self.known.clear();
        if let Some(person) = &matched.person {
            self.add_person(person, now);
        }
        if let Some(device) = matched.device.as_ref().filter(|device| device.is_known()) {
            self.add_device(device, now);
            let owned = Device::inventory_of(device.owner.as_ref()).is_some();
            let owner = matched.person.as_ref().filter(|_| owned);
            self.add_identity(device, owner.map(|owner| &**owner), now);
        }
        self
    }

    fn add_device(&mut self, device: &Device, now: Time) {
        let texts = [
            (Variable::DeviceSerial, &device.serial),
            (Variable::DeviceUdid, &device.udid),
            (Variable::DeviceModel, &device.model),
            (Variable::DeviceOs, &device.os),
            (Variable::DeviceOsVersion, &device.os_version),
        ];
        for (variable, fact) in texts {
            if let Some(fact) = Device::inventory_of(fact.as_ref()) {
                self.add(variable, &fact.value, told(fact.source, fact.at, now));
            }
        }
        let lists = [
            (Variable::DeviceTags, &device.tags, usize::MAX),
            (Variable::DeviceMac, &device.mac_addresses, 1),
        ];
        for (variable, fact, most) in lists {
            if let Some(fact) = Device::inventory_of(fact.as_ref()) {
                let some: Vec<&str> = fact.value.iter().take(most).map(String::as_str).collect();
                self.add(variable, &some.join(","), told(fact.source, fact.at, now));
            }
        }
        self.add(Variable::DeviceName, &device.name, newest(device, now));
        let ids = [&device.serial, &device.udid];
        match ids.into_iter().find_map(|fact| Device::inventory_of(fact.as_ref())) {
            Some(fact) => {
                let source = told(fact.source, fact.at, now);
                self.add(Variable::DeviceClientId, &fact.value, source);
            }
            None => self.add(Variable::DeviceClientId, &device.name, newest(device, now)),
        }
    }

    fn add_identity(&mut self, device: &Device, owner: Option<&Person>, now: Time) {
        let named = Device::inventory_of(device.owner.as_ref());
        let named = named.filter(|fact| owner.is_none() && fact.value.contains('@'));
        let email = owner.and_then(|owner| Some((owner.email.as_ref()?, owner.source, owner.at)));
        let email = email.or_else(|| named.map(|fact| (&fact.value, fact.source, fact.at)));
        match email {
            Some((email, source, at)) => {
                self.add(Variable::DeviceIdentity, email, told(source, at, now));
            }
            None => self.add(Variable::DeviceIdentity, &device.name, newest(device, now)),
        }
    }

    fn add_person(&mut self, person: &Person, now: Time) {
        let source = || told(person.source, person.at, now);
        let texts = [
            (Variable::PersonName, Some(&person.name)),
            (Variable::PersonEmail, person.email.as_ref()),
            (Variable::PersonUpn, person.upn.as_ref()),
            (Variable::PersonSid, person.sid.as_ref()),
        ];
        for (variable, text) in texts {
            if let Some(text) = text {
                self.add(variable, text, source());
            }
        }
        self.add(Variable::PersonGroups, &person.groups.join(","), source());
    }

    fn add(&mut self, variable: Variable, value: &str, source: String) {
        if let Some(value) = usable(value) {
            self.known.push(Known { variable, value, source });
        }
    }

    fn known(&self, variable: Variable) -> Option<&Known> {
        self.known.iter().find(|known| known.variable == variable)
    }

    /// Where the value of a variable was found, as words.
    pub fn source(&self, variable: Variable) -> String {
        let name = variable.as_str();
        if let Some(known) = self.known(variable) {
            return format!("{name} from the inventory ({})", known.source);
        }
        let place = match variable {
            Variable::DeviceClientId | Variable::CsrCommonName => COMMON_NAME,
            Variable::DeviceIdentity => self.identity_from,
            Variable::CsrDns => DNS,
            Variable::CsrEmail => EMAIL,
            Variable::CsrUri => URI,
            Variable::CsrUpn => UPN,
            Variable::DeviceName
            | Variable::DeviceSerial
            | Variable::DeviceUdid
            | Variable::DeviceModel
            | Variable::DeviceOs
            | Variable::DeviceOsVersion
            | Variable::DeviceTags
            | Variable::DeviceMac
            | Variable::PersonName
            | Variable::PersonEmail
            | Variable::PersonUpn
            | Variable::PersonSid
            | Variable::PersonGroups => return format!("{name} from the inventory"),
        };
        match &self.certificate {
            None => format!("{name} from {place} of the request"),
            Some(serial) => format!("{name} from {place} of certificate {serial}"),
        }
    }

    /// Values for trying out an expression: every variable has one.
    pub fn example() -> Self {
        let value = || Some("example".to_owned());
        let known = VARIABLES.iter().filter(|(variable, _)| variable.is_of_inventory());
        let known = known.map(|(variable, _)| Known {
            variable: *variable,
            value: "example".to_owned(),
            source: "example".to_owned(),
        });
        Self {
            client_id: value(),
            identity: value(),
            identity_from: COMMON_NAME,
            certificate: None,
            common_name: value(),
            dns: value(),
            email: value(),
            uri: value(),
            upn: value(),
            known: known.collect(),
        }
    }

    /// What a record of the certificate calls the device: what the request calls it.
    pub fn device(&self) -> Option<String> {
        self.client_id.clone()
    }

    /// Whom a record of the certificate takes for the owner: the e-mail address, else the principal
    /// name, else an identity that looks like one.
    pub fn person(&self) -> Option<String> {
        let identity = self.identity.clone().filter(|identity| identity.contains('@'));
        self.email.clone().or_else(|| self.upn.clone()).or(identity)
    }

    /// The value of a variable.
    pub fn value(&self, variable: Variable) -> Option<&str> {
        if let Some(known) = self.known(variable) {
            return Some(&known.value);
        }
        match variable {
            Variable::DeviceClientId => self.client_id.as_deref(),
            Variable::DeviceIdentity => self.identity.as_deref(),
            Variable::CsrCommonName => self.common_name.as_deref(),
            Variable::CsrDns => self.dns.as_deref(),
            Variable::CsrEmail => self.email.as_deref(),
            Variable::CsrUri => self.uri.as_deref(),
            Variable::CsrUpn => self.upn.as_deref(),
            // What only a request told is no inventory.
            Variable::DeviceName
            | Variable::DeviceSerial
            | Variable::DeviceUdid
            | Variable::DeviceModel
            | Variable::DeviceOs
            | Variable::DeviceOsVersion
            | Variable::DeviceTags
            | Variable::DeviceMac
            | Variable::PersonName
            | Variable::PersonEmail
            | Variable::PersonUpn
            | Variable::PersonSid
            | Variable::PersonGroups => None,
        }
    }
}

fn dns(name: &GeneralName) -> Option<&str> {
    if let GeneralName::Dns(text) = name { Some(text) } else { None }
}

fn email(name: &GeneralName) -> Option<&str> {
    if let GeneralName::Email(text) = name { Some(text) } else { None }
}

fn uri(name: &GeneralName) -> Option<&str> {
    if let GeneralName::Uri(text) = name { Some(text) } else { None }
}

fn upn(name: &GeneralName) -> Option<&str> {
    if let GeneralName::Upn(text) = name { Some(text) } else { None }
}

/// A value that a certificate may carry, else none.
pub fn usable(value: &str) -> Option<String> {
    let value = value.trim();
    let legal = !value.is_empty()
        && value.chars().count() <= VALUE_CHARS_MAX
        && !value.chars().any(char::is_control);
    legal.then(|| value.to_owned())
}

/// Who told a fact, and how long ago: `import, 3 days old`.
pub fn told(source: Source, at: Time, now: Time) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let age = now.0.saturating_sub(at.0).max(0);
    let (number, unit) = match age {
        ..MINUTE => return format!("{}, new", source.as_str()),
        MINUTE..HOUR => (age / MINUTE, "minute"),
        HOUR..DAY => (age / HOUR, "hour"),
        DAY.. => (age / DAY, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{}, {number} {unit}{plural} old", source.as_str())
}

/// Who last told anything of a device.
fn newest(device: &Device, now: Time) -> String {
    let all = device.told().filter(|(source, _)| source.is_inventory());
    let newest = all.max_by_key(|(_, at)| *at);
    newest.map_or_else(String::new, |(source, at)| told(source, at, now))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::device::DeviceId;

    const NOW: Time = Time(1_800_000_000);

    fn device(json: serde_json::Value, source: Source) -> Device {
        let mut device = Device::new(DeviceId(1), "MacBook 1");
        device.tell(&serde_json::from_value(json).unwrap(), source, NOW.plus_days(0));
        device
    }

    fn values(device: Device, person: Option<Person>) -> Values {
        let names = [GeneralName::Email("x@b.example".into())];
        let request = Values::of_request(&Name::parse_text("CN=asked").unwrap(), &names);
        let (device, person) = (Some(Arc::new(device)), person.map(Arc::new));
        let matched = Matched { device, person, ..Matched::default() };
        request.matched(&matched, NOW.plus_days(3))
    }

    #[track_caller]
    fn check(values: &Values, expected: &[(Variable, Option<&str>)]) {
        for (variable, value) in expected {
            assert_eq!(values.value(*variable), *value, "{variable:?}");
        }
    }

    #[test]
    fn the_inventory_comes_before_the_request() {
        let all = serde_json::json!({"serial": "S1", "udid": "U1", "model": "Air", "os": "macOS",
            "os_version": "14.2", "tags": ["b", "a"], "owner": "Anna",
            "mac_addresses": ["a4:83:e7:00:11:22", "a4:83:e7:00:11:33"]});
        let mut anna = Person::new("Anna", Source::File, NOW);
        anna.email = Some("anna@example.org".into());
        anna.groups = vec!["art".into(), "staff".into()];
        let values = values(device(all, Source::Import), Some(anna));
        check(
            &values,
            &[
                (Variable::DeviceClientId, Some("S1")),
                (Variable::DeviceIdentity, Some("anna@example.org")),
                (Variable::DeviceName, Some("MacBook 1")),
                (Variable::DeviceSerial, Some("S1")),
                (Variable::DeviceUdid, Some("U1")),
                (Variable::DeviceModel, Some("Air")),
                (Variable::DeviceOs, Some("macOS")),
                (Variable::DeviceOsVersion, Some("14.2")),
                (Variable::DeviceTags, Some("a,b")),
                (Variable::DeviceMac, Some("a4:83:e7:00:11:22")),
                (Variable::PersonName, Some("Anna")),
                (Variable::PersonEmail, Some("anna@example.org")),
                (Variable::PersonUpn, None),
                (Variable::PersonSid, None),
                (Variable::PersonGroups, Some("art,staff")),
                (Variable::CsrCommonName, Some("asked")),
            ],
        );
        let source = values.source(Variable::DeviceSerial);
        assert_eq!(source, "/device/serial from the inventory (import, 3 days old)");
        // What the certificate's record says of the device is what the request called it.
        assert_eq!(values.device().as_deref(), Some("asked"));
    }

    #[test]
    fn client_id_falls_back_to_udid_and_name_and_identity_to_the_name() {
        let with_udid = values(device(serde_json::json!({"udid": "U1"}), Source::File), None);
        check(&with_udid, &[(Variable::DeviceClientId, Some("U1"))]);
        let bare = device(serde_json::json!({}), Source::Administrator);
        // Somebody whom only the request names is no owner.
        let mut ben = Person::new("Ben", Source::File, NOW);
        ben.email = Some("ben@example.org".into());
        let bare = values(bare, Some(ben));
        check(
            &bare,
            &[
                (Variable::DeviceClientId, Some("MacBook 1")),
                (Variable::DeviceIdentity, Some("MacBook 1")),
                (Variable::PersonEmail, Some("ben@example.org")),
            ],
        );
        let owner = device(serde_json::json!({"owner": "zoe@example.org"}), Source::Import);
        check(&values(owner, None), &[(Variable::DeviceIdentity, Some("zoe@example.org"))]);
    }

    #[test]
    fn what_only_a_request_told_is_no_value_of_the_inventory() {
        let mut device = device(serde_json::json!({"serial": "S1"}), Source::Request);
        check(
            &values(device.clone(), None),
            &[
                (Variable::DeviceClientId, Some("asked")),
                (Variable::DeviceIdentity, Some("x@b.example")),
                (Variable::DeviceSerial, None),
                (Variable::DeviceName, None),
            ],
        );
        let model = serde_json::from_value(serde_json::json!({"model": "Air"})).unwrap();
        device.tell(&model, Source::Import, NOW);
        check(
            &values(device, None),
            &[
                (Variable::DeviceClientId, Some("MacBook 1")),
                (Variable::DeviceSerial, None),
                (Variable::DeviceModel, Some("Air")),
            ],
        );
    }

    #[test]
    fn ages_are_told_in_the_unit_that_people_would_say() {
        let check = |seconds: i64, expected: &str| {
            assert_eq!(told(Source::Import, NOW, NOW.plus_seconds(seconds)), expected);
        };
        check(-9, "import, new");
        check(59, "import, new");
        check(60, "import, 1 minute old");
        check(7200, "import, 2 hours old");
        check(86_400 * 9, "import, 9 days old");
    }
}
