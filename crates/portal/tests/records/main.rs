//! Search, devices, people, certificates, network profiles, access points, and what is asked before
//! something is done, as browsers use them.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod serving;
