//! Access points that knock: who sends RADIUS packets and is no access point of ours.

use domain::access_point::knock::Knock;
use domain::access_point::knock::Knocks;
use domain::event::listing::FIELDS;
use domain::event::listing::Order;
use domain::filter::Filter;
use domain::refusal::Refusal;
use store::event::PAGE_MAX;
use store::event::log;
use store::event::log::Part;

use crate::App;
use crate::unavailable;

/// The events of the last day that tell of them.
const FILTER: &str = "code:NAS-UNKNOWN kind:radius.dropped since:24h";

/// Most pages of events that are looked through: an address that never rests is told of once a
/// minute, so that seven do so for a whole day.
const PAGES_MAX: usize = 10;

/// Looks through the events of the last day.
pub(crate) async fn look(app: &App) -> Result<Vec<Knock>, Refusal> {
    let filter = Filter::parse(FILTER, &FIELDS, app.world.time())?;
    let (mut knocks, mut after) = (Knocks::default(), None);
    for _ in 0..PAGES_MAX {
        let part = Part { order: Order::Newest, after, limit: PAGE_MAX };
        let page = log::list(&app.store, &filter, part).await.map_err(unavailable)?;
        page.events.iter().for_each(|event| knocks.note(event));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let rules = app.snapshot.rules();
    Ok(knocks.end(|address| rules.access_point(address).is_some()))
}
