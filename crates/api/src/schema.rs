//! Schemas that are put together: those of a kind, which one handler serves for all.

use actions::gateway::ShownSecret;
use actions::object::Shown;
use domain::access_point::AccessPoint;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_template::CertificateTemplate;
use domain::enrollment_policy::EnrollmentPolicy;
use domain::gateway::Gateway;
use domain::network_policy::NetworkPolicy;
use domain::network_profile::NetworkProfile;
use domain::object::Kind;
use domain::organization::Settings;
use domain::plan::Plan;
use domain::policy_workflow::PolicyWorkflow;
use domain::server_certificate::ServerCertificate;
use utoipa::openapi::AllOf;
use utoipa::openapi::Array;
use utoipa::openapi::OneOf;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::schema::Type;

use crate::operation::Part;
use crate::operation::part;

/// The definition of a kind, as the declarative file has it.
pub(crate) fn of(kind: Kind) -> Part {
    match kind {
        Kind::Organization => part::<Settings>(),
        Kind::CertificateAuthority => part::<CertificateAuthority>(),
        Kind::ServerCertificate => part::<ServerCertificate>(),
        Kind::CertificateTemplate => part::<CertificateTemplate>(),
        Kind::Gateway => part::<Gateway>(),
        Kind::PolicyWorkflow => part::<PolicyWorkflow>(),
        Kind::EnrollmentPolicy => part::<EnrollmentPolicy>(),
        Kind::NetworkPolicy => part::<NetworkPolicy>(),
        Kind::NetworkProfile => part::<NetworkProfile>(),
        Kind::AccessPoint => part::<AccessPoint>(),
        Kind::Person => part::<domain::person::Told>(),
        Kind::Device => part::<domain::device::told::Told>(),
    }
}

/// An object of a kind as it is shown: with its definition.
pub(crate) fn definition(kind: Kind) -> Part {
    let mut shown = part::<Shown>();
    let definition = of(kind);
    shown.named.extend(definition.named);
    let own = ObjectBuilder::new().property("definition", definition.schema);
    let both = AllOf { items: vec![shown.schema, own.into()], ..AllOf::default() };
    Part { schema: Schema::AllOf(both).into(), named: shown.named }
}

/// What became of an object of a kind.
pub(crate) fn saved(kind: Kind) -> Part {
    let (object, plan, secret) = (definition(kind), part::<Plan>(), part::<ShownSecret>());
    let nothing = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null));
    let object_or_nothing =
        OneOf { items: vec![object.schema, nothing.into()], ..OneOf::default() };
    let schema = ObjectBuilder::new()
        .property("object", Schema::OneOf(object_or_nothing))
        .property("plan", plan.schema)
        .property("secrets", Schema::Array(Array::new(secret.schema)))
        .required("object")
        .required("plan");
    let named = object.named.into_iter().chain(plan.named).chain(secret.named);
    Part { schema: schema.into(), named: named.collect() }
}

/// A declarative document, as JSON.
pub(crate) fn document() -> Part {
    let schema: RefOr<Schema> = ObjectBuilder::new()
        .description(Some("Of the shape of the declarative file; see its page in the handbook."))
        .into();
    Part { schema, named: Vec::new() }
}

/// A JSON merge patch (RFC 7396).
pub(crate) fn patch() -> Part {
    let schema: RefOr<Schema> = ObjectBuilder::new()
        .description(Some("The fields to change, each with its new value; null takes one back."))
        .into();
    Part { schema, named: Vec::new() }
}
