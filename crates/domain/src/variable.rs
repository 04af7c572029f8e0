//! Variables in certificate templates: `${/device/clientId}`, with fallbacks
//! `${/person/email:/device/identity}`.

pub mod values;

use core::fmt;

use self::values::Values;

/// Longest template text, in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 1024;

/// Longest value that a variable may take, in characters; no name in a certificate needs more.
pub const VALUE_CHARS_MAX: usize = 512;

/// One variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Variable {
    /// What names the device.
    DeviceClientId,
    /// What names the device's owner.
    DeviceIdentity,
    /// Common name of the request.
    CsrCommonName,
    /// First dNSName of the request.
    CsrDns,
    /// First rfc822Name of the request.
    CsrEmail,
    /// First uniformResourceIdentifier of the request.
    CsrUri,
    /// First principal name of the request.
    CsrUpn,
    /// Name in the inventory.
    DeviceName,
    /// Serial number from the inventory.
    DeviceSerial,
    /// UDID from the inventory.
    DeviceUdid,
    /// Model from the inventory.
    DeviceModel,
    /// Operating system from the inventory.
    DeviceOs,
    /// Version of the operating system from the inventory.
    DeviceOsVersion,
    /// Tags from the inventory, joined by commas.
    DeviceTags,
    /// First address of an interface from the inventory.
    DeviceMac,
    /// Name of the owner in the inventory.
    PersonName,
    /// E-mail address of the owner in the inventory.
    PersonEmail,
    /// Principal name of the owner in the inventory.
    PersonUpn,
    /// Security identifier of the owner's account in the inventory.
    PersonSid,
    /// Groups of the owner in the inventory, joined by commas.
    PersonGroups,
}

/// Every variable with its name.
pub const VARIABLES: [(Variable, &str); 20] = [
    (Variable::DeviceClientId, "/device/clientId"),
    (Variable::DeviceIdentity, "/device/identity"),
    (Variable::DeviceName, "/device/name"),
    (Variable::DeviceSerial, "/device/serial"),
    (Variable::DeviceUdid, "/device/udid"),
    (Variable::DeviceModel, "/device/model"),
    (Variable::DeviceOs, "/device/os"),
    (Variable::DeviceOsVersion, "/device/osVersion"),
    (Variable::DeviceTags, "/device/tags"),
    (Variable::DeviceMac, "/device/mac"),
    (Variable::PersonName, "/person/name"),
    (Variable::PersonEmail, "/person/email"),
    (Variable::PersonUpn, "/person/upn"),
    (Variable::PersonSid, "/person/sid"),
    (Variable::PersonGroups, "/person/groups"),
    (Variable::CsrCommonName, "/csr/subject/commonName"),
    (Variable::CsrDns, "/csr/san/dns"),
    (Variable::CsrEmail, "/csr/san/email"),
    (Variable::CsrUri, "/csr/san/uri"),
    (Variable::CsrUpn, "/csr/san/upn"),
];

/// A text with variables in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expression {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    /// The first that has a value counts.
    Variables(Vec<Variable>),
}

/// A part of an expression.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// Variables of which the first that has a value counts.
    Variables(&'a [Variable]),
}

/// Why a text is not an expression.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ExpressionError {
    /// Longer than [`EXPRESSION_BYTES_MAX`].
    TooLong,
    /// `${` without its `}`.
    Unclosed,
    /// No variable has this name.
    Unknown(String),
}

/// A text whose variables were replaced by values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expanded {
    /// The text.
    pub text: String,
    /// The variables whose values are in it, those that stood in for others too.
    pub variables: Vec<Variable>,
}

impl Variable {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        VARIABLES.iter().find(|(variable, _)| *variable == self).map_or("", |(_, name)| name)
    }

    /// Whether its value is what the organization itself knows, whatever a request says.
    pub fn is_of_inventory(self) -> bool {
        match self {
            Self::DeviceName
            | Self::DeviceSerial
            | Self::DeviceUdid
            | Self::DeviceModel
            | Self::DeviceOs
            | Self::DeviceOsVersion
            | Self::DeviceTags
            | Self::DeviceMac
            | Self::PersonName
            | Self::PersonEmail
            | Self::PersonUpn
            | Self::PersonSid
            | Self::PersonGroups => true,
            Self::DeviceClientId
            | Self::DeviceIdentity
            | Self::CsrCommonName
            | Self::CsrDns
            | Self::CsrEmail
            | Self::CsrUri
            | Self::CsrUpn => false,
        }
    }
}

impl Expression {
    /// Reads a text with variables.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(ExpressionError::TooLong);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (inside, behind) = after.split_once('}').ok_or(ExpressionError::Unclosed)?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let variables = inside.split(':').map(variable).collect::<Result<_, _>>()?;
            parts.push(Part::Variables(variables));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// Every variable in it, fallbacks included.
    pub fn variables(&self) -> impl Iterator<Item = Variable> {
        self.choices().flatten().copied()
    }

    /// Its parts, in their order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.parts.iter().map(|part| match part {
            Part::Text(text) => Piece::Text(text),
            Part::Variables(variables) => Piece::Variables(variables),
        })
    }

    /// Every place with variables in it: those of which the first that has a value counts.
    pub fn choices(&self) -> impl Iterator<Item = &[Variable]> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variables(variables) => Some(variables.as_slice()),
        })
    }

    /// Puts the values in, each through `escape`. `Err` names the variable that has none.
    pub fn expand(
        &self,
        values: &Values,
        escape: fn(&str) -> String,
    ) -> Result<Expanded, &'static str> {
        let mut text = String::new();
        let mut supplied = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Variables(variables) => {
                    let found = variables.iter().find_map(|variable| {
                        values.value(*variable).map(|value| (*variable, value))
                    });
                    let name = variables.first().map_or("", |variable| variable.as_str());
                    let (variable, value) = found.ok_or(name)?;
                    text.push_str(&escape(value));
                    supplied.push(variable);
                }
            }
        }
        Ok(Expanded { text, variables: supplied })
    }
}

fn variable(name: &str) -> Result<Variable, ExpressionError> {
    let found = VARIABLES.iter().find(|(_, known)| *known == name);
    found.map(|(variable, _)| *variable).ok_or_else(|| ExpressionError::Unknown(name.to_owned()))
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {EXPRESSION_BYTES_MAX} bytes"),
            Self::Unclosed => f.write_str("has a ${ without its }"),
            Self::Unknown(name) => {
                write!(f, "has the unknown variable \"{}\"", name.escape_debug())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pki::general_name::GeneralName;
    use pki::name::Name;

    use super::*;

    fn values(subject: &str, names: &[GeneralName]) -> Values {
        Values::of_request(&Name::parse_text(subject).unwrap(), names)
    }

    #[track_caller]
    fn check(text: &str, values: &Values, expected: Result<&str, &'static str>) {
        let expanded = Expression::parse(text).unwrap().expand(values, str::to_owned);
        assert_eq!(expanded.as_ref().map(|it| it.text.as_str()).map_err(|name| *name), expected);
    }

    #[test]
    fn it_is_known_which_alternative_gave_a_value_and_where_it_was_found() {
        let values = values("CN=C02X", &[GeneralName::Email("a@b.example".into())]);
        let expression = Expression::parse("${/person/email:/device/identity}").unwrap();
        let expanded = expression.expand(&values, str::to_owned).unwrap();
        assert_eq!(expanded.variables, [Variable::DeviceIdentity]);
        let source = |variable| values.source(variable);
        assert_eq!(
            source(Variable::DeviceIdentity),
            "/device/identity from the first e-mail address of the request"
        );
        assert_eq!(
            source(Variable::DeviceClientId),
            "/device/clientId from the subject's CN of the request"
        );
        assert_eq!(source(Variable::PersonSid), "/person/sid from the inventory");
    }

    #[test]
    fn variables_take_their_values_from_the_request() {
        let names = [GeneralName::Email("a@b.example".into()), GeneralName::Dns("d.test".into())];
        let values = values("O=Lab, CN=C02X", &names);
        check("CN=${/device/clientId}", &values, Ok("CN=C02X"));
        check("${/device/identity}", &values, Ok("d.test"));
        check("${/csr/san/email}!", &values, Ok("a@b.example!"));
        check("plain", &values, Ok("plain"));
    }

    #[test]
    fn identity_falls_back_to_the_common_name() {
        check("${/device/identity}", &values("CN=C02X", &[]), Ok("C02X"));
    }

    #[test]
    fn a_fallback_is_taken_when_the_first_has_no_value() {
        let values = values("CN=C02X", &[]);
        check("${/person/email:/device/identity}", &values, Ok("C02X"));
        check("${/person/email:/csr/san/dns}", &values, Err("/person/email"));
    }

    #[test]
    fn a_value_with_control_characters_is_no_value() {
        let names = [GeneralName::Dns("a\nb".into())];
        check("${/csr/san/dns}", &values("CN=x", &names), Err("/csr/san/dns"));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        let error = |text: &str| Expression::parse(text).unwrap_err();
        assert_eq!(error("CN=${/device/clientId"), ExpressionError::Unclosed);
        assert_eq!(error("${/device/colour}"), ExpressionError::Unknown("/device/colour".into()));
        assert_eq!(error("${}"), ExpressionError::Unknown(String::new()));
        assert_eq!(error(&"x".repeat(EXPRESSION_BYTES_MAX + 1)), ExpressionError::TooLong);
    }
}
