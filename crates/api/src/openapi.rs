//! The description of the API (OpenAPI 3.1), made from the table of operations.

use axum::http::Method;
use utoipa::openapi::Components;
use utoipa::openapi::Content;
use utoipa::openapi::Header;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::Info;
use utoipa::openapi::License;
use utoipa::openapi::OpenApi;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::PathItem;
use utoipa::openapi::Paths;
use utoipa::openapi::Ref;
use utoipa::openapi::Required;
use utoipa::openapi::Response;
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

/// Where it is.
pub const PATH: &str = "/api/v1/openapi.json";

/// What tokens are called in the description.
const TOKEN: &str = "token";

/// Describes all operations.
pub(crate) fn describe(operations: &[Operation]) -> OpenApi {
    let mut components = Components::new();
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.security_schemes.insert(TOKEN.to_owned(), SecurityScheme::Http(token).into());
    add_schemas(&mut components, &part::<Problem>());
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
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
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
        builder = builder.parameter(text_parameter(name, ParameterIn::Path, None));
    }
    for parameter in &operation.parameters {
        builder = builder.parameter(parameter.clone());
    }
    if operation.versioned && !matches!(operation.method, Method::GET | Method::POST) {
        let about = "The version that is meant, as an answer's ETag told it.";
        builder = builder.parameter(text_parameter("If-Match", ParameterIn::Header, Some(about)));
    }
    if operation.method == Method::POST && operation.access != Access::Public {
        let about = "Names the request, so that it is carried out once.";
        let key = text_parameter("Idempotency-Key", ParameterIn::Header, Some(about));
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

fn text_parameter(name: &str, place: ParameterIn, about: Option<&str>) -> ParameterBuilder {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(about)
        .schema(Some(text))
}

fn content(body: &Body) -> Content {
    Content::new(Some(body.part.schema.clone()))
}

/// What may be answered to any operation but with yes.
const REFUSALS: [(&str, &str); 5] = [
    ("400", "A parameter or the body is not understood."),
    ("404", "It is not there."),
    ("422", "The body is understood and refused, field by field."),
    ("429", "Too many requests; Retry-After says when to come again."),
    ("503", "The database is away or full; look whether it was done before you try again."),
];

/// What may be answered to an operation that changes something.
const REFUSALS_OF_CHANGES: [(&str, &str); 3] = [
    ("409", "It conflicts with what is there; of a version that is outdated, both are told."),
    ("413", "The body is too large."),
    ("415", "The body is not of the form that is taken."),
];

fn responses(operation: &Operation) -> ResponsesBuilder {
    let mut done = ResponseBuilder::new().description("Done.");
    if let Some(answer) = &operation.answer {
        done = done.content(answer.content_type, content(answer));
    }
    if operation.versioned && operation.status != 204 {
        let mut tag = Header::default();
        tag.description = Some("Tells this version from every other.".to_owned());
        done = done.header("ETag", tag);
    }
    let done = done.build();
    let mut builder = ResponsesBuilder::new();
    if operation.status == 201 && operation.parameters.iter().any(|one| one.name == "dry_run") {
        builder = builder.response("200", done.clone());
    }
    builder = builder.response(operation.status.to_string(), done);
    for (status, about) in REFUSALS {
        builder = builder.response(status, problem(about));
    }
    if operation.access != Access::Public {
        builder = builder.response("401", problem("Nobody is known to ask, or the token is bad."));
    }
    builder = builder.response("403", problem("Whoever asks may not."));
    if operation.method != Method::GET {
        for (status, about) in REFUSALS_OF_CHANGES {
            builder = builder.response(status, problem(about));
        }
    }
    builder
}

fn problem(about: &str) -> Response {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(about).content("application/problem+json", problem).build()
}
