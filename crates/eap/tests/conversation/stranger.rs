//! Debian's eapol_test as the device.
