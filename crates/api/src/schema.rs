//! Schemas that are put together: those of a kind, which one handler serves for all.

pub(crate) mod default;

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
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;
use utoipa::openapi::schema::AdditionalProperties;
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
    let definition = about(definition.schema, "As the declarative file has it.");
    let own = ObjectBuilder::new().property("definition", definition);
    let both = AllOf {
        items: vec![shown.schema, own.into()],
        description: Some(format!("One of the {}, as it is shown.", kind.plural_words())),
        ..AllOf::default()
    };
    named(format!("{}Defined", type_name(kind)), Schema::AllOf(both).into(), shown.named)
}

/// What became of an object of a kind.
pub(crate) fn saved(kind: Kind) -> Part {
    let (object, plan, secret) = (definition(kind), part::<Plan>(), part::<ShownSecret>());
    let nothing = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null));
    let object_or_nothing = OneOf {
        items: vec![object.schema, nothing.into()],
        description: Some("As it is now; as it was, if only tried out; null if it is new.".into()),
        ..OneOf::default()
    };
    let mut secrets = Array::new(secret.schema);
    secrets.description =
        Some("The secrets of a new gateway: shown here and never again.".to_owned());
    let schema = ObjectBuilder::new()
        .description(Some(format!("What became of one of the {}.", kind.plural_words())))
        .property("object", Schema::OneOf(object_or_nothing))
        .property("plan", about(plan.schema, "What was changed, or would be."))
        .property("secrets", Schema::Array(secrets))
        .required("object")
        .required("plan");
    let parts = object.named.into_iter().chain(plan.named).chain(secret.named);
    named(format!("{}Saved", type_name(kind)), schema.into(), parts.collect())
}

/// A reference to a schema, and what it is there for.
fn about(schema: RefOr<Schema>, what: &str) -> RefOr<Schema> {
    match schema {
        RefOr::Ref(mut reference) => {
            what.clone_into(&mut reference.description);
            RefOr::Ref(reference)
        }
        RefOr::T(schema) => RefOr::T(schema),
    }
}

/// A schema under a name of its own.
fn named(name: String, schema: RefOr<Schema>, mut named: Vec<(String, RefOr<Schema>)>) -> Part {
    named.push((name.clone(), schema));
    Part { schema: Ref::from_schema_name(name).into(), named }
}

/// What a kind is called among schemas: `NetworkPolicy`.
fn type_name(kind: Kind) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    kind.as_str().split('_').map(capital).collect()
}

/// What a declarative document is called among schemas.
pub const DOCUMENT: &str = "Document";

/// A declarative document, as JSON.
pub(crate) fn document() -> Part {
    let mut document = ObjectBuilder::new()
        .description(Some("What a declarative file says; what it does not name is left alone."))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let part = of(kind);
        let what = format!("{}.", kind.plural_words());
        let schema = if kind == Kind::Organization {
            about(part.schema, "The organization itself.")
        } else {
            let mut list = Array::new(part.schema);
            list.description = Some(format!("Its {what}"));
            Schema::Array(list).into()
        };
        document = document.property(kind.as_str(), schema);
        all.extend(part.named);
    }
    named(DOCUMENT.to_owned(), document.into(), all)
}

/// A JSON merge patch (RFC 7396).
pub(crate) fn patch() -> Part {
    let schema: RefOr<Schema> = ObjectBuilder::new()
        .description(Some("The fields to change, each with its new value; null takes one back."))
        .into();
    named("MergePatch".to_owned(), schema, Vec::new())
}
