//! Texts with variables, spelled as one platform spells them.

use crate::complaint::Complaint;
use crate::text::Part;
use crate::text::Text;
use crate::text::Variable;

/// How a platform spells a variable; none where it does not know it.
pub type Spelling<'a> = &'a dyn Fn(Variable) -> Option<String>;

/// The text with each variable spelled.
///
/// # Errors
/// The first variable that the platform does not know.
pub fn spell(text: &Text, field: &str, spelling: Spelling<'_>) -> Result<String, Complaint> {
    let mut spelled = String::new();
    for part in &text.0 {
        match part {
            Part::Literal(literal) => spelled.push_str(literal),
            Part::Variable(variable) => {
                spelled.push_str(&spelling(*variable).ok_or_else(|| unknown(*variable, field))?);
            }
        }
    }
    Ok(spelled)
}

/// The complaint about a variable that a platform does not know.
pub(crate) fn unknown(variable: Variable, field: &str) -> Complaint {
    Complaint::new(
        field,
        format!("holds {}, which this platform cannot fill in", name(variable)),
        "use a variable that it knows, such as the device's name or serial number",
    )
}

/// What a variable stands for, in words.
fn name(variable: Variable) -> &'static str {
    match variable {
        Variable::DeviceSerial => "the device's serial number",
        Variable::DeviceUdid => "the device's UDID",
        Variable::DeviceName => "the device's name",
        Variable::DeviceModel => "the device's model",
        Variable::DeviceMac => "the device's MAC address",
        Variable::PersonEmail => "the owner's e-mail address",
        Variable::PersonName => "the owner's name",
        Variable::PersonUpn => "the owner's principal name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Text {
        Text(vec![
            Part::Literal("device-".to_owned()),
            Part::Variable(Variable::DeviceSerial),
            Part::Literal("-x".to_owned()),
        ])
    }

    #[test]
    fn variables_are_spelled_where_they_stand() {
        let spelled = spell(&text(), "subject", &|_| Some("{{serial}}".to_owned()));
        assert_eq!(spelled.unwrap(), "device-{{serial}}-x");
        assert_eq!(spell(&Text::default(), "subject", &|_| None).unwrap(), "");
    }

    #[test]
    fn a_variable_that_the_platform_lacks_is_told_by_its_field() {
        let complaint = spell(&text(), "subject", &|_| None).unwrap_err();
        assert_eq!(complaint.field, "subject");
        assert_eq!(
            complaint.what,
            "holds the device's serial number, which this platform cannot fill in"
        );
    }
}
