//! Signing in and out, one's own account, and the pages of Settings, as browsers use them.

#[cfg(test)]
mod account;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod session;
#[cfg(test)]
mod setting_up;
