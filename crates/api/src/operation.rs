//! The table of operations: what each URL does, who may ask for it, what it takes and answers. The
//! router and the description are both made from it, so that neither knows more than the other.

use std::sync::Arc;

use actions::App;
use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::routing::MethodFilter;
use axum::routing::MethodRouter;
use axum::routing::on;
use domain::actor::Permission;
use utoipa::IntoParams;
use utoipa::ToSchema;
use utoipa::openapi::Array;
use utoipa::openapi::Object;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::schema::Type;

use crate::gate;
use crate::gate::Gate;

/// A schema with those that it refers to, by their names.
pub(crate) struct Part {
    pub(crate) schema: RefOr<Schema>,
    pub(crate) named: Vec<(String, RefOr<Schema>)>,
}

/// What somebody must be to ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever proves who they are.
    Known,
    /// Whoever has all of these permissions.
    Permitted(Vec<Permission>),
}

/// A body: what it is called, and of what form it is.
pub(crate) struct Body {
    pub(crate) content_type: &'static str,
    pub(crate) part: Part,
}

/// One thing that can be asked.
pub struct Operation {
    /// How.
    pub method: Method,
    /// Where, with the parameters of the path in braces.
    pub path: String,
    /// By whom.
    pub access: Access,
    pub(crate) summary: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) status: u16,
    pub(crate) answer: Option<Body>,
    /// Says which version it answers, and takes one that is meant.
    pub(crate) versioned: bool,
}

/// What JSON is called.
const JSON: &str = "application/json";

impl Operation {
    fn new(method: Method, path: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            access: Access::Known,
            summary: summary.into(),
            parameters: Vec::new(),
            body: None,
            status: 200,
            answer: None,
            versioned: false,
        }
    }

    /// `GET`
    pub(crate) fn get(path: impl Into<String>, summary: impl Into<String>) -> Self {
        Self::new(Method::GET, path, summary)
    }

    /// `POST`
    pub(crate) fn post(path: impl Into<String>, summary: impl Into<String>) -> Self {
        Self::new(Method::POST, path, summary)
    }

    /// `PUT`
    pub(crate) fn put(path: impl Into<String>, summary: impl Into<String>) -> Self {
        Self::new(Method::PUT, path, summary)
    }

    /// `PATCH`
    pub(crate) fn patch(path: impl Into<String>, summary: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path, summary)
    }

    /// `DELETE`
    pub(crate) fn delete(path: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { status: 204, ..Self::new(Method::DELETE, path, summary) }
    }

    /// Anybody may ask.
    pub(crate) fn public(self) -> Self {
        Self { access: Access::Public, ..self }
    }

    /// Whoever asks needs this too.
    pub(crate) fn needs(mut self, permission: Permission) -> Self {
        match &mut self.access {
            Access::Permitted(all) => all.push(permission),
            Access::Public | Access::Known => self.access = Access::Permitted(vec![permission]),
        }
        self
    }

    /// Takes these parameters behind the question mark.
    pub(crate) fn query<Q: IntoParams>(mut self) -> Self {
        self.parameters.extend(Q::into_params(|| Some(ParameterIn::Query)));
        self
    }

    /// Takes this as JSON.
    pub(crate) fn takes<B: ToSchema>(self) -> Self {
        self.takes_part(part::<B>())
    }

    /// Takes what this schema describes as JSON.
    pub(crate) fn takes_part(self, part: Part) -> Self {
        Self { body: Some(Body { content_type: JSON, part }), ..self }
    }

    /// Takes a table.
    pub(crate) fn takes_table(self) -> Self {
        Self { body: Some(text("text/csv")), ..self }
    }

    /// Answers text of this form.
    pub(crate) fn answers_text(self, content_type: &'static str) -> Self {
        Self { answer: Some(text(content_type)), ..self }
    }

    /// Answers this as JSON.
    pub(crate) fn answers<A: ToSchema>(self) -> Self {
        self.answers_part(part::<A>())
    }

    /// Answers what this schema describes as JSON.
    pub(crate) fn answers_part(self, part: Part) -> Self {
        Self { answer: Some(Body { content_type: JSON, part }), ..self }
    }

    /// Answers a page of these.
    pub(crate) fn lists<A: ToSchema>(self) -> Self {
        self.answers_part(page(part::<A>()))
    }

    /// Answers that something was made.
    pub(crate) fn creates(self) -> Self {
        Self { status: 201, ..self }
    }

    /// Answers that it was done, and nothing else.
    pub(crate) fn answers_nothing(self) -> Self {
        Self { status: 204, ..self }
    }

    /// Says which version it answers (`ETag`), and takes one that is meant (`If-Match`).
    pub(crate) fn versioned(self) -> Self {
        Self { versioned: true, ..self }
    }
}

/// A body of text.
fn text(content_type: &'static str) -> Body {
    let schema = Object::with_type(SchemaType::Type(Type::String));
    let part = Part { schema: Schema::Object(schema).into(), named: Vec::new() };
    Body { content_type, part }
}

/// The schema of a type.
pub(crate) fn part<T: ToSchema>() -> Part {
    let mut named = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut named);
    Part { schema: Ref::from_schema_name(T::name()).into(), named }
}

/// The schema of a page of these.
pub(crate) fn page(item: Part) -> Part {
    let next = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The cursor of the next page; null on the last."));
    let mut items = Array::new(item.schema);
    items.description = Some("What is on it, in the order of the list.".to_owned());
    let page = ObjectBuilder::new()
        .property("items", Schema::Array(items))
        .property("next", next)
        .required("items")
        .required("next");
    Part { schema: Schema::from(page).into(), named: item.named }
}

/// Every operation, and the router that carries them out.
pub(crate) struct Table {
    /// None: nothing is carried out, it is only told of.
    gate: Option<Arc<Gate>>,
    pub(crate) router: Router<Arc<App>>,
    pub(crate) operations: Vec<Operation>,
}

impl Table {
    /// An empty table, whose operations are asked for at this gate.
    pub(crate) fn new(gate: Arc<Gate>) -> Self {
        Self { gate: Some(gate), ..Self::on_paper() }
    }

    /// An empty table of which nothing is carried out.
    pub(crate) fn on_paper() -> Self {
        Self { gate: None, router: Router::new(), operations: Vec::new() }
    }

    /// Adds an operation.
    pub(crate) fn add<H, T>(&mut self, operation: Operation, handler: H)
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add_route(operation, |filter| on(filter, handler));
    }

    /// Adds an operation whose handler has layers of its own.
    pub(crate) fn add_route(
        &mut self,
        operation: Operation,
        route: impl FnOnce(MethodFilter) -> MethodRouter<Arc<App>>,
    ) {
        if let Some(gate) = &self.gate {
            let method = operation.method.clone();
            let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
            let passing = gate::Passing {
                gate: Arc::clone(gate),
                access: operation.access.clone(),
                place: format!("{} {}", operation.method, operation.path).into(),
            };
            let route = route(filter).layer(middleware::from_fn_with_state(passing, gate::pass));
            let router = core::mem::take(&mut self.router);
            self.router = router.route(&operation.path, route);
        }
        self.operations.push(operation);
    }
}
