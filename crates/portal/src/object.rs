//! Pages of the kinds that are defined one by one: list, form, page, history, removal. What is a
//! noun's own says its file: `gateway.rs`, `access_point.rs`.

pub(crate) mod edit;
pub(crate) mod history;
pub(crate) mod listing;
pub(crate) mod question;
pub(crate) mod showing;

use actions::object::Saved;
use actions::object::Shown;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;
use serde_json::Value;

use crate::fault::Fault;
use crate::form::Form;
use crate::list::Cell;
use crate::list::Link;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::visitor::Visitor;

/// What the pages of a kind need to know of it.
pub(crate) trait Noun: Send + Sync + 'static {
    /// The kind.
    const KIND: Kind;

    /// The columns of its list: each the key of its words, and what it is ordered by, if anything.
    const COLUMNS: &'static [(&'static str, &'static str)];

    /// What a row of the list says, column by column.
    fn cells(desk: &Desk, shown: &Shown) -> Vec<Cell>;

    /// Its form.
    fn form(desk: &Desk, definition: &Value) -> Form;

    /// What else stands below its list: parts of HTML, escaped already.
    fn below(
        _desk: &Desk,
        _visitor: &Visitor,
    ) -> impl Future<Output = Result<Vec<String>, Fault>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What else stands on its page: parts of HTML, escaped already.
    fn panels(
        _desk: &Desk,
        _visitor: &Visitor,
        _shown: &Shown,
    ) -> impl Future<Output = Result<Vec<String>, Fault>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Further buttons on its page.
    fn links(_desk: &Desk, _visitor: &Visitor, _shown: &Shown) -> Vec<Link> {
        Vec::new()
    }

    /// Puts into the definition of something new what nobody wrote and it needs.
    fn complete(_desk: &Desk, _definition: &mut Value) {}

    /// The page after one was made that was completed: what was written, and what became of it.
    fn completed(
        desk: &Desk,
        visitor: &Visitor,
        saved: &Saved,
        _written_and_completed: (&Value, &Value),
    ) -> Option<Response> {
        Self::made(desk, visitor, saved)
    }

    /// Further buttons of the form of an existing one: each posts the form and saves nothing.
    fn tries(_slug: &str) -> Vec<Link> {
        Vec::new()
    }

    /// The page after one was made, where something is shown only once.
    fn made(_desk: &Desk, _visitor: &Visitor, _saved: &Saved) -> Option<Response> {
        None
    }
}

/// The noun in URLs: `network-policies`.
pub(crate) fn plural(kind: Kind) -> String {
    kind.plural_words().replace(' ', "-")
}

/// The URL of the list of a kind.
pub(crate) fn list_url(kind: Kind) -> String {
    format!("/{}", plural(kind))
}

/// The URL of one.
pub(crate) fn url(kind: Kind, slug: &str) -> String {
    format!("/{}/{}", plural(kind), crate::url::escaped(slug))
}

/// The URL of the one of this name; that of the list if it is not there.
pub(crate) fn url_of_name(desk: &Desk, kind: Kind, name: &str) -> String {
    let rules = desk.app.snapshot.rules();
    match actions::object::slug_of(&rules.organization, kind, name) {
        Some(slug) => url(kind, &slug),
        None => list_url(kind),
    }
}

/// Adds the pages of a kind. No slug begins with `_`, so that none hides one of ours.
pub(crate) fn pages<N: Noun>(pages: &mut Pages) {
    let list = list_url(N::KIND);
    let at = |rest: &str| format!("{list}/{{name}}{rest}");
    let read = Access::Needs(Permission::OrganizationRead);
    let change = Access::Needs(Permission::to_change(N::KIND));
    pages.get(list.clone(), read, listing::show::<N>);
    pages.get(format!("{list}.json"), read, listing::json::<N>);
    pages.get(format!("{list}.csv"), read, listing::csv::<N>);
    pages.get(format!("{list}/_new"), change, edit::blank::<N>);
    pages.get(at(""), read, showing::show::<N>);
    pages.get(at("/edit"), change, edit::show::<N>);
    pages.get(at("/history"), read, history::show::<N>);
    pages.get(at("/remove"), change, edit::ask_to_remove::<N>);
    let mut add = Change { pages, access: change };
    // A key is made with it: whoever sits there proves who they are.
    if N::KIND.holds_key() {
        add.pages.proven(format!("{list}/_new"), change, edit::create::<N>);
        add.pages.proven(at("/edit"), change, edit::save::<N>);
    } else {
        add.post(format!("{list}/_new"), edit::create::<N>);
        add.post(at("/edit"), edit::save::<N>);
    }
    add.post(at("/remove"), edit::remove::<N>);
    add.post(at("/rollback"), history::roll_back::<N>);
    if N::KIND.is_ordered() {
        add.post(at("/move"), listing::move_it::<N>);
    }
}

struct Change<'a> {
    pages: &'a mut Pages,
    access: Access,
}

impl Change<'_> {
    fn post<H, T>(&mut self, path: String, handler: H)
    where
        H: axum::handler::Handler<T, std::sync::Arc<Desk>>,
        T: 'static,
    {
        self.pages.post(path, self.access, handler);
    }
}

/// Names of the objects of a kind, to choose from.
pub(crate) fn names(desk: &Desk, kind: Kind) -> Vec<String> {
    actions::object::names(&desk.app.snapshot.rules().organization, kind)
}
