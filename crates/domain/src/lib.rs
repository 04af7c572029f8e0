//! The nouns of the product and the rules that bind them. Pure: no socket, no file, no clock.

pub mod access_point;
pub mod actor;
pub mod certificate;
pub mod certificate_authority;
pub mod certificate_template;
pub mod claim;
pub mod complaint;
pub mod condition;
pub mod device;
pub mod enrollment_policy;
pub mod event;
pub mod gateway;
pub mod network_policy;
pub mod network_profile;
pub mod object;
pub mod organization;
pub mod person;
pub mod plan;
pub mod policy_workflow;
pub mod refusal;
pub mod revocation_list;
pub mod secret;
pub mod server_certificate;
pub mod slug;
pub mod variable;
pub mod visit;
