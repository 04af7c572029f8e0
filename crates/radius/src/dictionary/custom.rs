//! Attributes that the table lacks, given by number: what a policy may send of them.

use thiserror::Error;

use crate::attribute::Attribute;
use crate::attribute::Kind;
use crate::attribute::Use;
use crate::dictionary::CUSTOM;
use crate::dictionary::ietf;
use crate::dictionary::vendor;

/// The highest number of a vendor: its first byte is zero (RFC 2865 section 5.26).
pub const VENDOR_MAX: u32 = 0x00ff_ffff;

/// What sentences call an attribute without a name.
const NAME: &str = "the attribute";

/// Numbers of attributes with a structure of their own (RFC 6929).
const EXTENDED: core::ops::RangeInclusive<u32> = 241..=246;

/// Numbers that other ways of logging in use: those of Apple's dial-in (RFC 2869), of HTTP digests
/// (RFC 5090) and of keys for wide-area radio (RFC 5904).
const OTHER_LOGINS: [core::ops::RangeInclusive<u32>; 4] = [70..=75, 84..=84, 103..=122, 137..=143];

/// Why no attribute can be sent under a number; each reads as a sentence to the administrator.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CustomError {
    /// No byte.
    #[error("the number {0} is outside 1 to 255")]
    NumberOutOfRange(u32),
    /// None that the registry gives out.
    #[error("the vendor {0} is outside 1 to {VENDOR_MAX}")]
    VendorOutOfRange(u32),
    /// Its attributes are built otherwise.
    #[error("the attributes of vendor {0} are not built from one byte of type and one of length")]
    VendorOtherwise(u32),
    /// An extended attribute.
    #[error("the number {0} is one of the extended attributes (RFC 6929)")]
    Extended(u32),
    /// Another protocol's.
    #[error("the number {0} belongs to another way of logging in")]
    OtherLogin(u32),
    /// The table knows it as one that no policy sends.
    #[error("{0} cannot be set by a policy")]
    Taken(&'static str),
}

impl CustomError {
    /// The field that is wrong: `vendor` or `number`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::VendorOutOfRange(_) | Self::VendorOtherwise(_) => "vendor",
            Self::NumberOutOfRange(_)
            | Self::Extended(_)
            | Self::OtherLogin(_)
            | Self::Taken(_) => "number",
        }
    }
}

/// The attribute of this number, a vendor's or one of RADIUS itself.
///
/// # Errors
/// There is none, or a policy may not send it.
pub fn find(vendor: Option<u32>, number: u32, kind: Kind) -> Result<Attribute, CustomError> {
    let byte = u8::try_from(number).ok().filter(|byte| *byte != 0);
    let byte = byte.ok_or(CustomError::NumberOutOfRange(number))?;
    let known = match vendor {
        None => {
            check_plain(number)?;
            ietf::TABLE.iter().find(|attribute| attribute.number == byte)
        }
        Some(vendor) => {
            check_vendor(vendor)?;
            vendor::TABLE.iter().find(|attribute| {
                let own = attribute.vendor.is_some_and(|(_, number)| number == vendor);
                own && attribute.number == byte
            })
        }
    };
    if let Some(known) = known.filter(|known| known.allowed != Use::Policy) {
        return Err(CustomError::Taken(known.name));
    }
    Ok(Attribute {
        dictionary: CUSTOM,
        vendor: vendor.map(|vendor| (NAME, vendor)),
        number: byte,
        name: NAME,
        kind,
        values: &[],
        allowed: Use::Policy,
    })
}

fn check_plain(number: u32) -> Result<(), CustomError> {
    if EXTENDED.contains(&number) {
        return Err(CustomError::Extended(number));
    }
    if OTHER_LOGINS.iter().any(|range| range.contains(&number)) {
        return Err(CustomError::OtherLogin(number));
    }
    Ok(())
}

fn check_vendor(vendor: u32) -> Result<(), CustomError> {
    if vendor == 0 || vendor > VENDOR_MAX {
        return Err(CustomError::VendorOutOfRange(vendor));
    }
    if vendor::OTHERWISE_BUILT.contains(&vendor) {
        return Err(CustomError::VendorOtherwise(vendor));
    }
    Ok(())
}
