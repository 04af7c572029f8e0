//! Texts with variables that each platform writes in its own way.

/// What a device or its owner is known by; what an MDM fills in when it pushes a profile.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Variable {
    /// The device's serial number.
    DeviceSerial,
    /// The device's UDID, or what the platform has instead.
    DeviceUdid,
    /// The device's name.
    DeviceName,
    /// The device's model.
    DeviceModel,
    /// The MAC address of the wireless interface.
    DeviceMac,
    /// The e-mail address of the device's owner.
    PersonEmail,
    /// The name of the device's owner.
    PersonName,
    /// The principal name of the device's owner.
    PersonUpn,
}

/// A part of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Part {
    /// As it stands; a console's own variable may be in it.
    Literal(String),
    /// To be filled in.
    Variable(Variable),
}

/// A text with variables in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Text(pub Vec<Part>);
