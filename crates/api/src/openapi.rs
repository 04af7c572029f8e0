//! The description of the API (OpenAPI 3.1), made from the table of operations.

mod refine;

pub(crate) use crate::openapi::refine::SCHEMAS;

use axum::http::Method;
use serde_json::Value;
use utoipa::openapi::Components;
use utoipa::openapi::Content;
use utoipa::openapi::Header;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::Info;
use utoipa::openapi::License;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::PathItem;
use utoipa::openapi::Paths;
use utoipa::openapi::Ref;
use utoipa::openapi::Required;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::ResponsesBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::path::ParameterBuilder;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::HttpAuthScheme;
use utoipa::openapi::security::HttpBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::security::SecurityScheme;

use crate::operation::Access;
use crate::operation::Body;
use crate::operation::Operation;
use crate::operation::Part;
use crate::operation::part;
use crate::problem::Problem;
use crate::schema;

/// Where it is.
pub const PATH: &str = "/api/v1/openapi.json";

/// What tokens are called in the description.
const TOKEN: &str = "token";

/// Describes all operations.
pub(crate) fn describe(operations: &[Operation]) -> Value {
    let mut components = Components::new();
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.security_schemes.insert(TOKEN.to_owned(), SecurityScheme::Http(token).into());
    add_schemas(&mut components, &part::<Problem>());
    add_refusals(&mut components);
    let mut paths = Paths::new();
    for operation in operations {
        let bodies = [&operation.body, &operation.answer].into_iter().flatten();
        bodies.for_each(|body| add_schemas(&mut components, &body.part));
        let described = describe_one(operation);
        let method = method(&operation.method);
        match paths.paths.get_mut(&operation.path) {
            Some(item) => item.merge_operations(PathItem::new(method, described)),
            None => {
                let item = PathItem::new(method, described);
                paths.paths.insert(operation.path.clone(), item);
            }
        }
    }
    let mut info = Info::new("Safeconduct", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    info.license = Some(License::new("Apache-2.0"));
    let document = OpenApiBuilder::new().info(info).paths(paths).components(Some(components));
    let mut document = serde_json::to_value(document.build()).unwrap_or_default();
    refine::refine(&mut document);
    schema::default::tell(&mut document);
    document
}

/// What the description begins with.
const ABOUT: &str = "Certificates for managed devices, and the network for those certificates. \
    Every answer that is no is a problem document (RFC 9457) with a stable `code`, a sentence and \
    a fix. `x-permission` names what whoever asks needs; roles come with permissions as the \
    handbook's page on roles says. Lists are pages: `next` of one is the `cursor` of the next. A \
    request with an `Idempotency-Key` is carried out once, however often it is sent within a day.";

fn add_schemas(components: &mut Components, part: &Part) {
    for (name, schema) in &part.named {
        components.schemas.entry(name.clone()).or_insert_with(|| schema.clone());
    }
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn describe_one(operation: &Operation) -> utoipa::openapi::path::Operation {
    let mut builder = OperationBuilder::new()
        .summary(Some(operation.summary.clone()))
        .operation_id(Some(id(operation)))
        .tag(noun(&operation.path));
    let names = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')));
    for name in names {
        builder = builder.parameter(path_parameter(name, operation));
    }
    for parameter in &operation.parameters {
        builder = builder.parameter(parameter.clone());
    }
    if operation.versioned && !matches!(operation.method, Method::GET | Method::POST) {
        let about = "The version that is meant, as an answer's ETag told it.";
        builder = builder.parameter(text_parameter("If-Match", ParameterIn::Header, about));
    }
    if operation.method == Method::POST && operation.access != Access::Public {
        let about = "Names the request, so that it is carried out once.";
        let key = text_parameter("Idempotency-Key", ParameterIn::Header, about);
        builder = builder.parameter(key);
    }
    if let Some(body) = &operation.body {
        let body = RequestBodyBuilder::new()
            .content(body.content_type, content(body))
            .required(Some(Required::True));
        builder = builder.request_body(Some(body.build()));
    }
    let permissions = match &operation.access {
        Access::Public => Vec::new(),
        Access::Known => vec!["any"],
        Access::Permitted(all) => all.iter().map(|permission| permission.as_str()).collect(),
    };
    let extensions = ExtensionsBuilder::new().add("x-permission", permissions).build();
    builder = builder.extensions(Some(extensions)).responses(responses(operation));
    if operation.access != Access::Public {
        builder = builder.security(SecurityRequirement::new::<_, _, String>(TOKEN, []));
    }
    builder.build()
}

/// A name for programs that are made from the description: method and path in words.
fn id(operation: &Operation) -> String {
    let parts = operation.path.trim_start_matches("/api/v1/").split(['/', '-', '.']);
    let words = parts.map(|part| part.trim_matches(['{', '}']).to_owned());
    let method = operation.method.as_str().to_lowercase();
    [method].into_iter().chain(words).collect::<Vec<_>>().join("_")
}

/// The noun that a path is about.
fn noun(path: &str) -> &str {
    path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default()
}

/// What has versions and no slug.
const RECORDS: [&str; 3] = ["devices", "people", "administrators"];

/// A part of the path.
fn path_parameter(name: &str, operation: &Operation) -> ParameterBuilder {
    let about = match name {
        "serial" => "The serial number of the certificate, in hexadecimal digits.",
        "id" if operation.path.ends_with("/history") => "The name of the tokens.",
        "id" => "What names it for good.",
        _ if RECORDS.contains(&noun(&operation.path)) => "Its name.",
        _ if operation.versioned => "Its name or its slug.",
        _ => "Its name.",
    };
    text_parameter(name, ParameterIn::Path, about)
}

fn text_parameter(name: &str, place: ParameterIn, about: &str) -> ParameterBuilder {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let text = if place == ParameterIn::Path { text.min_length(Some(1)) } else { text };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(about))
        .schema(Some(text))
}

fn content(body: &Body) -> Content {
    Content::new(Some(body.part.schema.clone()))
}

/// A no that may be answered: its status, what its response is called, and what it means.
struct No {
    status: &'static str,
    name: &'static str,
    about: &'static str,
}

/// What may be answered to any operation but with yes.
const REFUSALS: [No; 6] = [
    No { status: "400", name: "Wrong", about: "A parameter or the body is not understood." },
    No { status: "403", name: "NotPermitted", about: "Whoever asks may not." },
    No { status: "404", name: "NotFound", about: "It is not there." },
    No {
        status: "422",
        name: "Refused",
        about: "The body is understood and refused, field by field.",
    },
    No {
        status: "429",
        name: "TooMany",
        about: "Too many requests; Retry-After says when to come again.",
    },
    No {
        status: "503",
        name: "Unavailable",
        about: "The database is away or full; look whether it was done before you try again.",
    },
];

/// What may be answered where whoever asks is to be known.
const REFUSAL_OF_STRANGERS: No =
    No { status: "401", name: "Unknown", about: "Nobody is known to ask, or the token is bad." };

/// What may be answered to an operation that changes something.
const REFUSALS_OF_CHANGES: [No; 3] = [
    No {
        status: "409",
        name: "Conflict",
        about: "It conflicts with what is there; of a version that is outdated, both are told.",
    },
    No { status: "413", name: "TooLarge", about: "The body is too large." },
    No { status: "415", name: "OtherForm", about: "The body is not of the form that is taken." },
];

fn responses(operation: &Operation) -> ResponsesBuilder {
    let mut done = ResponseBuilder::new().description("Done.");
    if let Some(answer) = &operation.answer {
        done = done.content(answer.content_type, content(answer));
    }
    if operation.versioned && operation.status != 204 {
        done = done.header("ETag", header("Tells this version from every other."));
    }
    let done = done.build();
    let mut builder = ResponsesBuilder::new();
    if operation.status == 201 && operation.parameters.iter().any(|one| one.name == "dry_run") {
        builder = builder.response("200", done.clone());
    }
    builder = builder.response(operation.status.to_string(), done);
    let is_public = operation.access == Access::Public;
    let of_strangers = (!is_public).then_some(&REFUSAL_OF_STRANGERS);
    let is_change = operation.method != Method::GET;
    let of_changes = REFUSALS_OF_CHANGES.iter().filter(|_| is_change);
    for no in REFUSALS.iter().chain(of_strangers).chain(of_changes) {
        builder = builder.response(no.status, Ref::from_response_name(no.name));
    }
    builder
}

/// Every no as a response that operations refer to.
fn add_refusals(components: &mut Components) {
    for no in REFUSALS.iter().chain([&REFUSAL_OF_STRANGERS]).chain(&REFUSALS_OF_CHANGES) {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let mut refusal = ResponseBuilder::new()
            .description(no.about)
            .content("application/problem+json", content);
        match no.status {
            "401" => {
                let about = "How to prove who asks: `Bearer`.";
                refusal = refusal.header("WWW-Authenticate", header(about));
            }
            "429" => {
                let about = "In how many seconds one more may be asked.";
                refusal = refusal.header("Retry-After", header(about));
            }
            _ => {}
        }
        components.responses.insert(no.name.to_owned(), refusal.build().into());
    }
}

fn header(about: &str) -> Header {
    let mut header = Header::default();
    header.description = Some(about.to_owned());
    header
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    #[test]
    fn no_two_types_have_one_name() {
        let mut known = HashMap::new();
        for operation in crate::operations() {
            for body in [operation.body, operation.answer].into_iter().flatten() {
                for (name, schema) in body.part.named {
                    let schema = serde_json::to_value(schema).unwrap();
                    let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
                    assert_eq!(*first, schema, "{name} of {}", operation.path);
                }
            }
        }
    }
}
