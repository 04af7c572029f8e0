//! What each MDM calls what it knows of a device: one table, read both ways.
//!
//! A spelling stands here only if the vendor's own pages or files say it. Where none was found the
//! table says so, and cards ask the administrator to choose from the console's list.

pub mod filling;
mod recognition;

use crate::complaint::Complaint;
use crate::platform::Platform;
use crate::text::Part;
use crate::text::Text;
use crate::text::Variable;

pub use recognition::Found;
pub use recognition::recognize;

/// How a platform writes a variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spelling {
    /// So.
    Known(&'static str),
    /// It has nothing that would be this.
    Missing,
    /// It may have it; we do not know what it is called there.
    Unknown,
}

/// A text as a console's form takes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Written {
    /// As it stands.
    Whole(String),
    /// With places, in brackets, that the administrator fills from the console's list.
    WithPlaces(String),
}

impl Variable {
    /// Every variable.
    pub const ALL: [Self; 8] = [
        Self::DeviceSerial,
        Self::DeviceUdid,
        Self::DeviceName,
        Self::DeviceModel,
        Self::DeviceMac,
        Self::PersonEmail,
        Self::PersonName,
        Self::PersonUpn,
    ];

    /// What it is, as people say it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::DeviceSerial => "the serial number",
            Self::DeviceUdid => "the UDID",
            Self::DeviceName => "the device's name",
            Self::DeviceModel => "the model",
            Self::DeviceMac => "the Wi-Fi MAC address",
            Self::PersonEmail => "the owner's e-mail address",
            Self::PersonName => "the owner's name",
            Self::PersonUpn => "the owner's principal name",
        }
    }
}

/// How a platform writes a variable.
#[must_use]
pub fn spelling(platform: Platform, variable: Variable) -> Spelling {
    match platform {
        Platform::Mosyle => mosyle(variable),
        Platform::Jamf => jamf(variable),
        Platform::Intune => intune(variable),
        Platform::Kandji => kandji(variable),
        Platform::WorkspaceOne => workspace_one(variable),
        Platform::Google => google(variable),
        // Each has a list in its console; no page of theirs that we could read names them.
        Platform::Addigy | Platform::Meraki | Platform::Generic => Spelling::Unknown,
        // Nobody stands between the file and the device.
        Platform::Apple
        | Platform::Windows
        | Platform::Android
        | Platform::ChromeOs
        | Platform::Linux
        | Platform::EapConfig
        | Platform::P12 => Spelling::Missing,
    }
}

fn mosyle(variable: Variable) -> Spelling {
    match variable {
        Variable::DeviceSerial => Spelling::Known("%SerialNumber%"),
        Variable::DeviceUdid => Spelling::Known("%UUID%"),
        Variable::DeviceName => Spelling::Known("%DeviceName%"),
        Variable::DeviceModel => Spelling::Known("%ProductName%"),
        Variable::DeviceMac => Spelling::Known("%WiFiMac%"),
        Variable::PersonEmail => Spelling::Known("%Email%"),
        Variable::PersonName => Spelling::Known("%FullName%"),
        Variable::PersonUpn => Spelling::Missing,
    }
}

/// Names of computers; for mobile devices Jamf calls the name `$DEVICENAME`.
fn jamf(variable: Variable) -> Spelling {
    match variable {
        Variable::DeviceSerial => Spelling::Known("$SERIALNUMBER"),
        Variable::DeviceUdid => Spelling::Known("$UDID"),
        Variable::DeviceName => Spelling::Known("$COMPUTERNAME"),
        Variable::DeviceMac => Spelling::Known("$MACADDRESS"),
        Variable::PersonEmail => Spelling::Known("$EMAIL"),
        Variable::PersonName => Spelling::Known("$FULLNAME"),
        Variable::DeviceModel | Variable::PersonUpn => Spelling::Missing,
    }
}

/// Intune has no UDID in certificates; its own number of the device is what it has instead.
fn intune(variable: Variable) -> Spelling {
    match variable {
        Variable::DeviceSerial => Spelling::Known("{{SerialNumber}}"),
        Variable::DeviceUdid => Spelling::Known("{{DeviceId}}"),
        Variable::DeviceName => Spelling::Known("{{DeviceName}}"),
        Variable::DeviceMac => Spelling::Known("{{WiFiMacAddress}}"),
        Variable::PersonEmail => Spelling::Known("{{EmailAddress}}"),
        Variable::PersonUpn => Spelling::Known("{{UserPrincipalName}}"),
        // Its `{{UserName}}` is the account's name and not the person's.
        Variable::DeviceModel | Variable::PersonName => Spelling::Missing,
    }
}

fn kandji(variable: Variable) -> Spelling {
    match variable {
        Variable::DeviceSerial => Spelling::Known("$SERIAL_NUMBER"),
        Variable::DeviceUdid => Spelling::Known("$UDID"),
        Variable::DeviceName => Spelling::Known("$DEVICE_NAME"),
        Variable::DeviceModel => Spelling::Known("$MODEL_NAME"),
        Variable::PersonEmail => Spelling::Known("$EMAIL"),
        Variable::PersonName => Spelling::Known("$FULL_NAME"),
        Variable::DeviceMac | Variable::PersonUpn => Spelling::Missing,
    }
}

fn workspace_one(variable: Variable) -> Spelling {
    match variable {
        Variable::DeviceSerial => Spelling::Known("{DeviceSerialNumber}"),
        Variable::DeviceUdid => Spelling::Known("{DeviceUid}"),
        Variable::DeviceName => Spelling::Known("{DeviceFriendlyName}"),
        Variable::DeviceModel => Spelling::Known("{DeviceModel}"),
        Variable::DeviceMac => Spelling::Known("{DeviceWLANMac}"),
        Variable::PersonEmail => Spelling::Known("{EmailAddress}"),
        Variable::PersonName => Spelling::Known("{FirstName} {LastName}"),
        Variable::PersonUpn => Spelling::Known("{UserPrincipalName}"),
    }
}

/// Devices that Google manages have a number in its directory instead of a UDID.
fn google(variable: Variable) -> Spelling {
    match variable {
        Variable::DeviceSerial => Spelling::Known("${DEVICE_SERIAL_NUMBER}"),
        Variable::DeviceUdid => Spelling::Known("${DEVICE_DIRECTORY_ID}"),
        Variable::PersonEmail => Spelling::Known("${USER_EMAIL}"),
        Variable::DeviceName
        | Variable::DeviceModel
        | Variable::DeviceMac
        | Variable::PersonName
        | Variable::PersonUpn => Spelling::Missing,
    }
}

/// Writes a text as a file for a platform holds it, each variable as the platform writes it.
///
/// # Errors
/// A [`Complaint`] about the field if the platform lacks a variable, or we do not know its name.
pub fn write(field: &str, text: &Text, platform: Platform) -> Result<String, Complaint> {
    match write_for_form(field, text, platform)? {
        Written::Whole(text) => Ok(text),
        Written::WithPlaces(text) => Err(Complaint::new(
            field,
            format!(
                "what {} calls its variables is not known here, so that \"{text}\" cannot stand in \
                 a file",
                platform.label()
            ),
            "write the variable as the console shows it, as plain text, or fill in the card",
        )),
    }
}

/// Writes a text as an administrator enters it into a form of a platform's console.
///
/// # Errors
/// A [`Complaint`] about the field if the platform lacks a variable.
pub fn write_for_form(field: &str, text: &Text, platform: Platform) -> Result<Written, Complaint> {
    let mut written = String::new();
    let mut has_places = false;
    for part in &text.0 {
        match part {
            Part::Literal(literal) => written.push_str(literal),
            Part::Variable(variable) => match spelling(platform, *variable) {
                Spelling::Known(spelling) => written.push_str(spelling),
                Spelling::Missing => return Err(missing(field, platform, *variable)),
                Spelling::Unknown => {
                    has_places = true;
                    written.push('[');
                    written.push_str(variable.label());
                    written.push(']');
                }
            },
        }
    }
    Ok(if has_places { Written::WithPlaces(written) } else { Written::Whole(written) })
}

fn missing(field: &str, platform: Platform, variable: Variable) -> Complaint {
    let known: Vec<&str> = Variable::ALL
        .into_iter()
        .filter(|other| matches!(spelling(platform, *other), Spelling::Known(_)))
        .map(Variable::label)
        .collect();
    let fix = if known.is_empty() {
        "write a fixed text, or give the profile to devices by an MDM, which fills it in".to_owned()
    } else {
        format!("use one that it has: {}", known.join(", "))
    };
    let what = format!("{} cannot fill in {}", platform.label(), variable.label());
    Complaint::new(field, what, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial() -> Text {
        Text(vec![Part::Literal("device-".into()), Part::Variable(Variable::DeviceSerial)])
    }

    #[test]
    fn each_console_gets_its_own_spelling() {
        let write = |platform| write("subject.CN", &serial(), platform).unwrap();
        assert_eq!(write(Platform::Mosyle), "device-%SerialNumber%");
        assert_eq!(write(Platform::Jamf), "device-$SERIALNUMBER");
        assert_eq!(write(Platform::Intune), "device-{{SerialNumber}}");
        assert_eq!(write(Platform::Kandji), "device-$SERIAL_NUMBER");
        assert_eq!(write(Platform::WorkspaceOne), "device-{DeviceSerialNumber}");
        assert_eq!(write(Platform::Google), "device-${DEVICE_SERIAL_NUMBER}");
    }

    #[test]
    fn a_variable_that_a_console_lacks_is_complained_of_with_what_it_has() {
        let text = Text(vec![Part::Variable(Variable::PersonUpn)]);
        let complaint = write("san.email", &text, Platform::Kandji).unwrap_err();
        assert_eq!(complaint.field, "san.email");
        assert_eq!(complaint.what, "Kandji (Iru) cannot fill in the owner's principal name");
        assert!(complaint.fix.contains("the serial number"), "{complaint}");
        let complaint = write("subject.CN", &serial(), Platform::Apple).unwrap_err();
        assert!(complaint.fix.contains("MDM"), "{complaint}");
    }

    #[test]
    fn what_is_not_known_is_asked_for_and_never_invented() {
        for platform in [Platform::Addigy, Platform::Meraki, Platform::Generic] {
            let form = write_for_form("subject.CN", &serial(), platform).unwrap();
            assert_eq!(form, Written::WithPlaces("device-[the serial number]".into()));
            assert!(write("subject.CN", &serial(), platform).is_err());
            let literal = Text(vec![Part::Literal("$serial".into())]);
            assert_eq!(write("subject.CN", &literal, platform).unwrap(), "$serial");
        }
    }

    #[test]
    fn every_spelling_is_recognized_as_its_own() {
        for platform in Platform::ALL {
            for variable in Variable::ALL {
                let Spelling::Known(spelling) = spelling(platform, variable) else { continue };
                let found = recognize(&format!("x {spelling} y"));
                assert!(
                    found.first().is_some_and(|found| found.platforms.contains(&platform)),
                    "{spelling}: {found:?}"
                );
            }
        }
    }
}
