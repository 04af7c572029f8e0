//! Variables in certificate templates: `${/device/clientId}`, with fallbacks
//! `${/person/email:/device/identity}`.

use core::fmt;

use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::general_name::GeneralName;
use pki::name::Name;

/// Longest template text, in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 1024;

/// Longest value that a variable may take, in characters; no name in a certificate needs more.
pub const VALUE_CHARS_MAX: usize = 512;

/// Where values are found in a request, as words.
const COMMON_NAME: &str = "the subject's CN";
const DNS: &str = "the first DNS name";
const EMAIL: &str = "the first e-mail address";
const URI: &str = "the first URI";
const UPN: &str = "the first principal name";

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
    /// Serial number from the inventory.
    DeviceSerial,
    /// E-mail address of the owner in the inventory.
    PersonEmail,
    /// Security identifier of the owner's account in the inventory.
    PersonSid,
}

/// Every variable with its name.
pub const VARIABLES: [(Variable, &str); 10] = [
    (Variable::DeviceClientId, "/device/clientId"),
    (Variable::DeviceIdentity, "/device/identity"),
    (Variable::DeviceSerial, "/device/serial"),
    (Variable::PersonEmail, "/person/email"),
    (Variable::PersonSid, "/person/sid"),
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
}

impl Variable {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        VARIABLES.iter().find(|(variable, _)| *variable == self).map_or("", |(_, name)| name)
    }

    /// Whether its value is what the organization itself knows, whatever a request says.
    pub fn is_of_inventory(self) -> bool {
        match self {
            Self::DeviceSerial | Self::PersonEmail | Self::PersonSid => true,
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
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(_) => [].as_slice(),
            Part::Variables(variables) => variables.as_slice(),
        });
        parts.flatten().copied()
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
        }
    }

    /// The values of what a device's certificate says, as if a request said it.
    pub fn of_certificate(certificate: &Certificate) -> Self {
        let values = Self::of_request(&certificate.subject, &certificate.general_names());
        Self { certificate: Some(certificate.serial.clone()), ..values }
    }

    /// Where the value of a variable was found, as words.
    pub fn source(&self, variable: Variable) -> String {
        let place = match variable {
            Variable::DeviceClientId | Variable::CsrCommonName => COMMON_NAME,
            Variable::DeviceIdentity => self.identity_from,
            Variable::CsrDns => DNS,
            Variable::CsrEmail => EMAIL,
            Variable::CsrUri => URI,
            Variable::CsrUpn => UPN,
            Variable::DeviceSerial | Variable::PersonEmail | Variable::PersonSid => {
                return format!("{} from the inventory", variable.as_str());
            }
        };
        let name = variable.as_str();
        match &self.certificate {
            None => format!("{name} from {place} of the request"),
            Some(serial) => format!("{name} from {place} of certificate {serial}"),
        }
    }

    /// Values for trying out an expression: every variable has one.
    pub fn example() -> Self {
        let value = || Some("example".to_owned());
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
        }
    }

    /// What a record of the certificate calls the device: `clientId`.
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
        match variable {
            Variable::DeviceClientId => self.client_id.as_deref(),
            Variable::DeviceIdentity => self.identity.as_deref(),
            Variable::CsrCommonName => self.common_name.as_deref(),
            Variable::CsrDns => self.dns.as_deref(),
            Variable::CsrEmail => self.email.as_deref(),
            Variable::CsrUri => self.uri.as_deref(),
            Variable::CsrUpn => self.upn.as_deref(),
            // What only a request told is no inventory.
            Variable::DeviceSerial | Variable::PersonEmail | Variable::PersonSid => None,
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
fn usable(value: &str) -> Option<String> {
    let value = value.trim();
    let legal = !value.is_empty()
        && value.chars().count() <= VALUE_CHARS_MAX
        && !value.chars().any(char::is_control);
    legal.then(|| value.to_owned())
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
