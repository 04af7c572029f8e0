//! Presets: what a network needs, by name, with the attributes that make it so on the equipment of
//! common vendors. One table, which the handbook and the command line show.

use radius::attribute::Attribute;
use radius::dictionary;

/// One thing that a network needs.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// What policies call it.
    pub name: &'static str,
    /// What the device gets.
    pub meaning: &'static str,
    /// What is written as its value.
    pub value: &'static str,
    /// Whose equipment does it.
    pub vendors: &'static str,
    /// A value that can be sent.
    pub example: &'static str,
    /// The attributes: dictionary, name, and how the value goes in.
    pub pieces: &'static [(&'static str, &'static str, Form)],
}

/// How a value goes into an attribute.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// It does not: this goes in, whatever is written.
    Fixed(&'static str),
    /// As it was written.
    Value,
    /// Behind these words.
    Behind(&'static str),
    /// Behind these words and a number that rises with each entry.
    Numbered(&'static str, usize),
    /// A time, in seconds.
    Seconds,
    /// Bits a second, towards the device: what stands before the slash.
    BitsDown,
    /// Bits a second, from the device: what stands behind the slash.
    BitsUp,
}

const IETF: &str = dictionary::IETF;
const VLAN: &str = "the number of the VLAN, 1 to 4094";
const VLAN_OR_NAME: &str = "the number of the VLAN, 1 to 4094, or its name";
const TIME: &str = "a time in seconds, or such as 30m, 8h or 1d";

/// Every preset.
pub const PRESETS: [Preset; 19] = [
    Preset {
        name: "vlan",
        meaning: "a VLAN (RFC 3580)",
        value: VLAN_OR_NAME,
        vendors: "nearly all: Aruba, Cisco, Extreme, Fortinet, HPE, Juniper, Meraki, Ruckus, Ubiquiti",
        example: "20",
        pieces: &[
            (IETF, "Tunnel-Type", Form::Fixed("VLAN")),
            (IETF, "Tunnel-Medium-Type", Form::Fixed("IEEE-802")),
            (IETF, "Tunnel-Private-Group-Id", Form::Value),
        ],
    },
    Preset {
        name: "vlan-aruba",
        meaning: "a VLAN by number",
        value: VLAN,
        vendors: "Aruba wireless",
        example: "20",
        pieces: &[("Aruba", "Aruba-User-VLAN", Form::Value)],
    },
    Preset {
        name: "vlan-name-aruba",
        meaning: "a VLAN by name",
        value: "the name of the VLAN",
        vendors: "Aruba wireless",
        example: "teachers",
        pieces: &[("Aruba", "Aruba-Named-User-VLAN", Form::Value)],
    },
    Preset {
        name: "vlan-extreme",
        meaning: "a VLAN, its frames untagged",
        value: VLAN_OR_NAME,
        vendors: "Extreme switches",
        example: "20",
        pieces: &[("Extreme", "Extreme-Netlogin-Extended-Vlan", Form::Behind("U"))],
    },
    Preset {
        name: "vlan-mikrotik",
        meaning: "a VLAN by number, with 802.1Q tags",
        value: VLAN,
        vendors: "MikroTik wireless",
        example: "20",
        pieces: &[
            ("Mikrotik", "Mikrotik-Wireless-VLANID", Form::Value),
            ("Mikrotik", "Mikrotik-Wireless-VLANID-Type", Form::Fixed("802.1q")),
        ],
    },
    Preset {
        name: "interface-airespace",
        meaning: "an interface of the controller, and so its VLAN",
        value: "the name of the interface",
        vendors: "Cisco wireless controllers",
        example: "teachers",
        pieces: &[("Airespace", "Airespace-Interface-Name", Form::Value)],
    },
    Preset {
        name: "acl",
        meaning: "an access list or group policy of the equipment, by name",
        value: "its name; on Cisco switches with .in behind it",
        vendors: "nearly all: Aruba switches, Cisco, Extreme, HPE, Juniper, Meraki, Ruckus",
        example: "staff",
        pieces: &[(IETF, "Filter-Id", Form::Value)],
    },
    Preset {
        name: "acl-airespace",
        meaning: "an access list or group policy, by name",
        value: "its name",
        vendors: "Cisco wireless controllers, Meraki",
        example: "staff",
        pieces: &[("Airespace", "Airespace-ACL-Name", Form::Value)],
    },
    Preset {
        name: "acl-cisco",
        meaning: "one line of an access list for what the device sends; further entries are further lines",
        value: "a line of an extended access list, such as permit ip any any",
        vendors: "Cisco and Dell switches",
        example: "permit ip any any",
        pieces: &[("Cisco", "Cisco-AVPair", Form::Numbered("ip:inacl#", 0))],
    },
    Preset {
        name: "role-aruba",
        meaning: "a role of the equipment",
        value: "the name of the role",
        vendors: "Aruba wireless and switches, Meraki",
        example: "staff",
        pieces: &[("Aruba", "Aruba-User-Role", Form::Value)],
    },
    Preset {
        name: "role-hp",
        meaning: "a role of the equipment",
        value: "the name of the role",
        vendors: "HPE ProVision switches",
        example: "staff",
        pieces: &[("HP", "HP-User-Role", Form::Value)],
    },
    Preset {
        name: "group-fortinet",
        meaning: "a group that firewall policies name",
        value: "the name of the group",
        vendors: "Fortinet",
        example: "staff",
        pieces: &[("Fortinet", "Fortinet-Group-Name", Form::Value)],
    },
    Preset {
        name: "group-ruckus",
        meaning: "a group, and so its role",
        value: "the name of the group",
        vendors: "Ruckus",
        example: "staff",
        pieces: &[("Ruckus", "Ruckus-User-Groups", Form::Value)],
    },
    Preset {
        name: "session-time",
        meaning: "a time after which the device must prove itself again, without losing the network",
        value: TIME,
        vendors: "nearly all",
        example: "8h",
        pieces: &[
            (IETF, "Session-Timeout", Form::Seconds),
            (IETF, "Termination-Action", Form::Fixed("RADIUS-Request")),
        ],
    },
    Preset {
        name: "idle-time",
        meaning: "a time of silence after which the session ends",
        value: TIME,
        vendors: "nearly all",
        example: "30m",
        pieces: &[(IETF, "Idle-Timeout", Form::Seconds)],
    },
    Preset {
        name: "accounting-time",
        meaning: "the time between two reports of the session",
        value: TIME,
        vendors: "nearly all",
        example: "10m",
        pieces: &[(IETF, "Acct-Interim-Interval", Form::Seconds)],
    },
    Preset {
        name: "rate-limit-mikrotik",
        meaning: "a limit of bandwidth, from the device and towards it",
        value: "a limit as RouterOS writes it, such as 5M/20M",
        vendors: "MikroTik routers",
        example: "5M/20M",
        pieces: &[("Mikrotik", "Mikrotik-Rate-Limit", Form::Value)],
    },
    Preset {
        name: "bandwidth-wispr",
        meaning: "a limit of bandwidth, towards the device and from it",
        value: "bits a second such as 20M/5M, or one number for both",
        vendors: "Ruckus, MikroTik hotspots, and others that take WISPr",
        example: "20M/5M",
        pieces: &[
            ("WISPr", "WISPr-Bandwidth-Max-Down", Form::BitsDown),
            ("WISPr", "WISPr-Bandwidth-Max-Up", Form::BitsUp),
        ],
    },
    Preset {
        name: "qos-airespace",
        meaning: "a class of service",
        value: "Silver, Gold, Platinum or Bronze",
        vendors: "Cisco wireless controllers",
        example: "Gold",
        pieces: &[("Airespace", "Airespace-QOS-Level", Form::Value)],
    },
];

/// The preset of this name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// Its attributes; a test sees to it that the table has each.
    pub fn attributes(&self) -> impl Iterator<Item = (Attribute, Form)> {
        let found = |(dictionary, name, form): &(&str, &str, Form)| {
            dictionary::find(dictionary, name).map(|attribute| (*attribute, *form))
        };
        self.pieces.iter().filter_map(found)
    }
}

/// Between the numbers of two lines, as administrators of such lists are used to.
const STEP: usize = 10;

impl Form {
    /// The form for an entry with so many of the same preset before it.
    pub(super) fn at(self, ordinal: usize) -> Self {
        match self {
            Self::Numbered(words, _) => Self::Numbered(words, STEP * (ordinal + 1)),
            Self::Fixed(_)
            | Self::Value
            | Self::Behind(_)
            | Self::Seconds
            | Self::BitsDown
            | Self::BitsUp => self,
        }
    }

    /// Whether the value that was written goes in.
    pub(super) fn is_open(self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Value
            | Self::Behind(_)
            | Self::Numbered(..)
            | Self::Seconds
            | Self::BitsDown
            | Self::BitsUp => true,
        }
    }

    /// How the value goes in, for people.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Fixed(fixed) => fixed.to_owned(),
            Self::Value => "VALUE".to_owned(),
            Self::Behind(words) => format!("{words}VALUE"),
            Self::Numbered(words, _) => format!("{words}NUMBER=VALUE"),
            Self::Seconds => "SECONDS".to_owned(),
            Self::BitsDown => "BITS".to_owned(),
            Self::BitsUp => "BITS".to_owned(),
        }
    }

    /// The text that is encoded, or what is wrong with the value.
    pub(super) fn text(self, value: &str) -> Result<String, String> {
        let value = value.trim();
        if value.is_empty() {
            return Err("a value is needed".to_owned());
        }
        match self {
            Self::Fixed(fixed) => Ok(fixed.to_owned()),
            Self::Value => Ok(value.to_owned()),
            Self::Behind(words) => Ok(format!("{words}{value}")),
            Self::Numbered(words, number) => Ok(format!("{words}{number}={value}")),
            Self::Seconds => scaled(value, &[("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)])
                .ok_or_else(|| "a time is a number, or one with s, m, h or d behind it".to_owned()),
            Self::BitsDown => bits(value.split_once('/').map_or(value, |(down, _)| down)),
            Self::BitsUp => bits(value.split_once('/').map_or(value, |(_, up)| up)),
        }
    }
}

fn bits(value: &str) -> Result<String, String> {
    scaled(value, &[("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000)]).ok_or_else(|| {
        "a bandwidth is a number, or one with k, M or G behind it, up to 4294967295 bits a second"
            .to_owned()
    })
}

/// A whole number with a unit behind it; at least one, and no more than an attribute holds.
fn scaled(value: &str, units: &[(&str, u64)]) -> Option<String> {
    let unit = units.iter().find_map(|(unit, factor)| Some((value.strip_suffix(unit)?, *factor)));
    let (digits, factor) = unit.unwrap_or((value, 1));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<u64>().ok()?.checked_mul(factor)?;
    let number = u32::try_from(number).ok().filter(|number| *number > 0)?;
    Some(number.to_string())
}
