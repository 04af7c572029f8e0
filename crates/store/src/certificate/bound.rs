//! What a certificate is bound to, in one text: the digit of its assurance, its device, and the
//! name of its template.

use domain::certificate::Certificate;
use domain::device::DeviceId;

use crate::StoreError;

/// What the text says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Bound<'a> {
    pub(super) assurance: u8,
    pub(super) device: Option<DeviceId>,
    pub(super) template: Option<&'a str>,
}

/// The text; none of a certificate of which there is nothing to say.
pub(super) fn text(certificate: &Certificate) -> Option<String> {
    let Certificate { assurance, device_id, template, .. } = certificate;
    if *assurance == 0 && device_id.is_none() && template.is_none() {
        return None;
    }
    let device = device_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    Some(format!("{} {device} {}", assurance.min(&9), template.as_deref().unwrap_or_default()))
}

/// Reads the text; none is of a certificate from before there was one.
pub(super) fn parse(text: Option<&str>) -> Result<Bound<'_>, StoreError> {
    let Some(text) = text else { return Ok(Bound::default()) };
    let unreadable = || StoreError::Statement(format!("certificate.bound holds \"{text}\""));
    let mut parts = text.splitn(3, ' ');
    let mut next = || parts.next().ok_or_else(unreadable);
    let assurance = next()?.parse().map_err(|_| unreadable())?;
    let device = match next()? {
        "-" => None,
        id => Some(DeviceId::parse(id).ok_or_else(unreadable)?),
    };
    let template = Some(next()?).filter(|name| !name.is_empty());
    Ok(Bound { assurance, device, template })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_of_it_is_refused() {
        let expected = Bound { assurance: 2, device: Some(DeviceId(10)), template: Some("A b c") };
        assert_eq!(parse(Some("2 000000000000000a A b c")).unwrap(), expected);
        assert_eq!(parse(Some("0 - ")).unwrap(), Bound::default());
        assert_eq!(parse(None).unwrap(), Bound::default());
        for text in ["", "x - A", "1", "1 -", "1 a A", "1  A", "300 - A"] {
            assert!(parse(Some(text)).is_err(), "{text}");
        }
    }
}
