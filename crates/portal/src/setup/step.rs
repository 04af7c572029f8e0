//! The steps of the set-up: what each asks, and what it makes of the answers.

use domain::actor::Permission;
use domain::object::Kind;
use domain::organization::Organization;
use domain::organization::Settings;
use serde_json::Value;
use serde_json::json;

use crate::form;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;

/// A step behind the first, which makes the owner.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// What the organization is called.
    Organization,
    /// The authorities: a root, the one below it that signs devices, and that of the RADIUS server.
    Authorities,
    /// What the RADIUS server shows.
    Server,
    /// What certificates of devices look like.
    Template,
    /// Where devices ask for them.
    Gateway,
    /// What role those devices get.
    Workflow,
    /// What certificate the role leads to.
    Enrollment,
    /// What network the role leads to.
    Network,
    /// What devices are to join.
    Profile,
    /// Who asks on their behalf.
    AccessPoint,
}

impl Step {
    /// In their order.
    pub(super) const ALL: [Self; 10] = [
        Self::Organization,
        Self::Authorities,
        Self::Server,
        Self::Template,
        Self::Gateway,
        Self::Workflow,
        Self::Enrollment,
        Self::Network,
        Self::Profile,
        Self::AccessPoint,
    ];

    /// In URLs, and as keys of the catalogue begin.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Authorities => "authorities",
            Self::Server => "server",
            Self::Template => "template",
            Self::Gateway => "gateway",
            Self::Workflow => "workflow",
            Self::Enrollment => "enrollment",
            Self::Network => "network",
            Self::Profile => "profile",
            Self::AccessPoint => "access_point",
        }
    }

    /// Reads the word.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == text)
    }

    /// What it makes.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Organization => Kind::Organization,
            Self::Authorities => Kind::CertificateAuthority,
            Self::Server => Kind::ServerCertificate,
            Self::Template => Kind::CertificateTemplate,
            Self::Gateway => Kind::Gateway,
            Self::Workflow => Kind::PolicyWorkflow,
            Self::Enrollment => Kind::EnrollmentPolicy,
            Self::Network => Kind::NetworkPolicy,
            Self::Profile => Kind::NetworkProfile,
            Self::AccessPoint => Kind::AccessPoint,
        }
    }

    /// What it takes.
    pub(super) fn permission(self) -> Permission {
        Permission::to_change(self.kind())
    }

    /// Whether what it makes is there.
    pub(super) fn is_done(self, organization: &Organization) -> bool {
        match self {
            Self::Organization => organization.settings != Settings::default(),
            Self::Authorities => organization.certificate_authority.len() > 1,
            Self::Server
            | Self::Template
            | Self::Gateway
            | Self::Workflow
            | Self::Enrollment
            | Self::Network
            | Self::Profile
            | Self::AccessPoint => !actions::object::names(organization, self.kind()).is_empty(),
        }
    }

    /// What it asks.
    pub(super) fn form(self) -> Form {
        let keys = ["rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384"];
        let key = |path| Field::new(path, Input::Choice(Choice::words("setup.key", &keys)));
        let vendors = [
            "other",
            "mosyle",
            "jamf",
            "intune",
            "kandji",
            "addigy",
            "workspace-one",
            "meraki",
            "google",
        ];
        let securities = ["wpa2-enterprise", "wpa3-enterprise", "wpa3-enterprise-192"];
        let fields = match self {
            Self::Organization => vec![Field::text("name").required(), Field::text("base_url")],
            Self::Authorities => vec![
                Field::text("root").required(),
                key("root_key"),
                Field::text("scep").required(),
                key("scep_key"),
                Field::text("radius").required(),
            ],
            Self::Server => vec![Field::text("server_name").required()],
            Self::Template => {
                vec![Field::text("name").required(), Field::new("days", Input::Number)]
            }
            Self::Gateway => {
                let vendor = Input::Choice(Choice::words("gateway.vendor", &vendors));
                vec![Field::text("name").required(), Field::new("vendor", vendor)]
            }
            Self::Workflow | Self::Enrollment => vec![Field::text("name").required()],
            Self::Network => vec![Field::text("name").required(), Field::text("vlan")],
            Self::Profile => {
                let security = Input::Choice(Choice::words("setup.security", &securities));
                vec![Field::text("ssid").required(), Field::new("security_type", security)]
            }
            Self::AccessPoint => vec![
                Field::text("name").required(),
                Field::text("address").required(),
                Field::new("shared_secret", Input::Secret),
            ],
        };
        Form { noun: "setup", sections: vec![Section::new(self.as_str(), fields)] }
    }

    /// What stands in the form at first.
    pub(super) fn blank(self, organization: &Organization) -> Value {
        let name = match organization.settings == Settings::default() {
            true => "Example School",
            false => organization.settings.name.as_str(),
        };
        match self {
            Self::Organization => json!({
                "name": name, "base_url": organization.settings.base_url,
            }),
            Self::Authorities => json!({
                "root": format!("{name} Root CA"), "root_key": "ecdsa-p384",
                "scep": format!("{name} SCEP CA"), "scep_key": "rsa-2048",
                "radius": format!("{name} RADIUS CA"),
            }),
            Self::Server => json!({ "server_name": "radius.example.org" }),
            Self::Template => json!({ "name": "Devices", "days": 365 }),
            Self::Gateway => json!({ "name": "MDM", "vendor": "other" }),
            Self::Workflow => json!({ "name": "Managed devices" }),
            Self::Enrollment => json!({ "name": "Managed devices enroll" }),
            Self::Network => json!({ "name": "Managed devices get in" }),
            Self::Profile => json!({ "ssid": name, "security_type": "wpa2-enterprise" }),
            Self::AccessPoint => json!({ "name": "Access point", "address": "" }),
        }
    }

    /// The definitions that the answers make, of an organization as the steps before left it.
    pub(super) fn definitions(self, said: &Value, organization: &Organization) -> Vec<Value> {
        let text = |field: &str| form::plain(said.get(field).unwrap_or(&Value::Null));
        let names = |kind| actions::object::names(organization, kind);
        let first = |kind| names(kind).into_iter().next().unwrap_or_default();
        let devices = authority(organization, "device-and-user-authentication");
        let radius = authority(organization, "radius-server");
        match self {
            Self::Organization => {
                vec![json!({ "name": text("name"), "base_url": text("base_url") })]
            }
            Self::Authorities => vec![
                json!({ "name": text("root"), "type": "root", "key": text("root_key"),
                    "signature_algorithm": signature(&text("root_key")),
                    "validity_years": 20 }),
                json!({ "name": text("scep"), "type": "intermediate", "issuer": text("root"),
                    "key": text("scep_key"), "validity_years": 10,
                    "signature_algorithm": signature(&text("scep_key")),
                    "generate_ca_for": "device-and-user-authentication" }),
                json!({ "name": text("radius"), "type": "root", "key": "ecdsa-p256",
                    "validity_years": 20, "generate_ca_for": "radius-server" }),
            ],
            Self::Server => vec![json!({ "name": "RADIUS", "certificate_authority": radius,
                "names": [text("server_name")], "key": "ecdsa-p256", "validity_days": 397 })],
            Self::Template => vec![json!({ "name": text("name"),
                "subject": "CN=${/device/clientId}",
                "validity_days": said.get("days").cloned().unwrap_or(json!(365)),
                "extended_key_usage": ["client-authentication"],
                "san": { "dns": ["${/device/identity}"] } })],
            Self::Gateway => vec![json!({ "name": text("name"), "type": "scep-enrollment-token",
                "vendor": text("vendor"), "certificate_authority": devices })],
            Self::Workflow => vec![json!({ "name": text("name"), "match": "all", "rules": [
                { "field": "identity.provider", "operator": "is-one-of",
                  "value": [first(Kind::Gateway)] },
            ] })],
            Self::Enrollment => vec![json!({ "name": text("name"), "match": "all",
                "rules": [role(&first(Kind::PolicyWorkflow))],
                "settings": { "certificate_authority": devices,
                    "certificate_template": first(Kind::CertificateTemplate) } })],
            Self::Network => vec![json!({ "name": text("name"), "match": "all",
                "rules": [role(&first(Kind::PolicyWorkflow))],
                "settings": { "access": "accept", "attributes": vlan(&text("vlan")) } })],
            Self::Profile => {
                let server = organization.server_certificate.first();
                let accepted = server.map(|server| server.names.clone()).unwrap_or_default();
                vec![json!({ "name": text("ssid"), "ssid": text("ssid"),
                    "security_type": text("security_type"), "gateway": first(Kind::Gateway),
                    "server_certificate": first(Kind::ServerCertificate),
                    "trusted_authorities": [radius], "radius_server_names": accepted,
                    "auto_join": true, "disable_mac_randomization": true })]
            }
            Self::AccessPoint => vec![json!({ "name": text("name"), "address": text("address"),
                "shared_secret": text("shared_secret") })],
        }
    }

    /// The same as one document.
    pub(super) fn document(self, definitions: Vec<Value>) -> Value {
        match self {
            Self::Organization => {
                let settings = definitions.into_iter().next().unwrap_or_default();
                json!({ Kind::Organization.as_str(): settings })
            }
            Self::Authorities
            | Self::Server
            | Self::Template
            | Self::Gateway
            | Self::Workflow
            | Self::Enrollment
            | Self::Network
            | Self::Profile
            | Self::AccessPoint => json!({ self.kind().as_str(): definitions }),
        }
    }
}

/// The name of the authority that is for this; nothing if there is none.
fn authority(organization: &Organization, purpose: &str) -> String {
    let fits = |authority: &Value| {
        let is_root = authority.get("type").is_some_and(|kind| kind == "root");
        let said = authority.get("generate_ca_for").and_then(Value::as_str);
        said == Some(purpose) && (purpose == "radius-server" || !is_root)
    };
    let all = organization.certificate_authority.iter();
    let mut all = all.map(|it| serde_json::to_value(it).unwrap_or_default());
    let found = all.find(fits);
    form::plain(found.as_ref().and_then(|it| it.get("name")).unwrap_or(&Value::Null))
}

/// What a key signs with: as strong as itself.
fn signature(key: &str) -> &'static str {
    if key == "ecdsa-p384" { "sha384" } else { "sha256" }
}

fn role(name: &str) -> Value {
    json!({ "field": "identity.role", "operator": "is-one-of", "value": [name] })
}

/// What puts a device into a VLAN (RFC 3580, 3.31); nothing for the network that it joined.
fn vlan(number: &str) -> Value {
    if number.is_empty() {
        return json!([]);
    }
    let attribute = |name: &str, value: &str| json!({ "dictionary": "RADIUS:IETF", "attribute": name, "value": value });
    json!([
        attribute("Tunnel-Type", "VLAN"),
        attribute("Tunnel-Medium-Type", "IEEE-802"),
        attribute("Tunnel-Private-Group-Id", number),
    ])
}
