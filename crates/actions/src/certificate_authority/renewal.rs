//! Renewing authorities: a new key and certificate of the same subject, beside those of before.

use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate_authority::CertificateAuthority;
use domain::event::Event;
use domain::event::EventKind;
use domain::object::Kind;
use domain::organization::Organization;
use domain::refusal::Refusal;
use serde_json::Map;
use serde_json::Value;
use store::write::Write;

use crate::App;
use crate::certificate;
use crate::certificate_authority;
use crate::certificate_authority::Made;
use crate::certificate_authority::Making;
use crate::certificate_authority::listing;
use crate::certificate_authority::listing::Shown;
use crate::organization;
use crate::rules::Authority;
use crate::rules::Rules;
use crate::unavailable;
use crate::world::Said;

/// Most keys of one authority: each is an anchor of every login, and keeps its own revocation list
/// for as long as it has certificates. At one key a year an authority ends before.
pub const KEYS_MAX: i64 = 16;

/// Gives an authority a new key and certificate. From then on it signs with these; what its earlier
/// keys signed stays as it is.
pub async fn renew(app: &App, actor: &Actor, name: &str) -> Result<Shown, Refusal> {
    let answer = try_renew(app, actor, name).await;
    if let Err(refusal) = &answer {
        let object = format!("{}:{name}", Kind::CertificateAuthority);
        let said = Said { actor: actor.name().to_owned(), object, details: Map::new() };
        certificate::refused(app, EventKind::RequestRefused, refusal, said).await;
    }
    answer
}

async fn try_renew(app: &App, actor: &Actor, name: &str) -> Result<Shown, Refusal> {
    actor.may(Permission::PkiChange)?;
    let seen = newest_key(&app.snapshot.rules(), name);
    let one_at_a_time = Arc::clone(&app.changing).lock_owned().await;
    let version = store::organization::version(&app.store).await.map_err(unavailable)?;
    if app.snapshot.rules().version != version {
        App::reload(&app.store, &app.master, &app.snapshot).await.map_err(unavailable)?;
    }
    let rules = app.snapshot.rules();
    let (definition, authority) = find(&rules, name)?;
    let number = authority.current.number + 1;
    if seen.is_some_and(|seen| seen != authority.current.number) {
        // Whoever asked meant the key that was there when they asked.
        let what = format!("somebody renewed {name} at the same time");
        return Err(Refusal::Conflict { what });
    }
    let issuer = check(app, &rules, (definition, authority), number)?;
    let signs_leaves_only = authority.signs_leaves_only();
    let making = Making { definition, issuer, signs_leaves_only, number };
    let (_, made) = certificate_authority::make(app, making).await?;
    let settings = &rules.organization.settings;
    let write = store::organization::save(Write::new(), settings, rules.version);
    let write = organization::keep_made(write, app, &made);
    let mut events = vec![event(app, actor, (definition, authority), (&made, number))];
    events.extend(made.iter().map(|made| organization::event_of(app, actor, made)));
    organization::publish(app, one_at_a_time, (write, events), made).await?;
    listing::look(app, name)
}

fn newest_key(rules: &Rules, name: &str) -> Option<i64> {
    rules.authority(name).map(|authority| authority.current.number)
}

fn find<'a>(
    rules: &'a Rules,
    name: &str,
) -> Result<(&'a CertificateAuthority, &'a Authority), Refusal> {
    let found = rules.organization.find(name).zip(rules.authority(name));
    let noun = Kind::CertificateAuthority.words();
    found.ok_or_else(|| Refusal::NotFound { noun, name: name.to_owned() })
}

/// Refuses what cannot be renewed; returns what signs the new certificate, nothing for a root.
///
/// A root may be renewed at any time: those below it keep the chain to the key that signed them.
fn check<'a>(
    app: &App,
    rules: &'a Rules,
    (definition, authority): (&CertificateAuthority, &Authority),
    number: i64,
) -> Result<Option<&'a Authority>, Refusal> {
    if definition.disabled {
        return Err(Refusal::AuthorityDisabled { authority: definition.name.clone() });
    }
    if authority.generations().count() >= usize::try_from(KEYS_MAX).unwrap_or_default() {
        let what = format!("has {KEYS_MAX} keys, the most that are kept; make a new authority");
        return Err(Refusal::ParameterWrong { parameter: "certificate_authority".into(), what });
    }
    let slug = definition.key_slug(number);
    let others = slugs(&rules.organization, rules);
    let other = others.into_iter().find(|(other, name)| *other == slug && *name != definition.name);
    if let Some((_, authority)) = other {
        return Err(Refusal::SlugTaken { slug, authority: authority.to_owned() });
    }
    let Some(above) = &definition.issuer else { return Ok(None) };
    let (definition, issuer) = find(rules, above)?;
    certificate_authority::check_issues(app, definition, issuer)?;
    Ok(Some(issuer))
}

/// The slugs of all keys of all authorities, each with the authority's name.
pub(crate) fn slugs<'a>(organization: &'a Organization, rules: &Rules) -> Vec<(String, &'a str)> {
    let authorities = organization.certificate_authority.iter();
    let each = authorities.flat_map(|definition| {
        let authority = rules.authority(&definition.name);
        let numbers: Vec<i64> = match authority {
            Some(authority) => authority.generations().map(|one| one.number).collect(),
            None => vec![1],
        };
        let slug = |number| (definition.key_slug(number), definition.name.as_str());
        numbers.into_iter().map(slug).collect::<Vec<_>>()
    });
    each.collect()
}

fn event(
    app: &App,
    actor: &Actor,
    (definition, authority): (&CertificateAuthority, &Authority),
    (made, number): (&[Made], i64),
) -> Event {
    let mut details = Map::new();
    let serial = made.first().map(|own| own.certificate.serial.to_string());
    details.insert("serial".into(), Value::from(serial));
    let before = authority.current.chain.first().map(|own| own.serial.to_string());
    details.insert("serial_before".into(), Value::from(before));
    details.insert("generation".into(), Value::from(number));
    details.insert("slug".into(), Value::from(definition.key_slug(number)));
    let object = format!("{}:{}", Kind::CertificateAuthority, definition.name);
    let said = Said { actor: actor.name().to_owned(), object, details };
    app.world.event(EventKind::AuthorityRenewed, None, said)
}
