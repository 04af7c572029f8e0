//! Access points that knock: who sends RADIUS packets and is no access point of ours.

use domain::access_point::knock::Knock;
use domain::access_point::knock::Knocks;
use domain::refusal::Refusal;
use store::event::knock;

use crate::App;
use crate::unavailable;

/// Who knocked within the last day.
pub(crate) async fn look(app: &App) -> Result<Vec<Knock>, Refusal> {
    let from = app.world.time().plus_seconds(-knock::KEPT_SECONDS);
    let mut knocks = Knocks::default();
    for (address, heard) in knock::since(&app.store, from).await.map_err(unavailable)? {
        // What is not an address was not written by us.
        if let Ok(address) = address.parse() {
            knocks.note(address, heard);
        }
    }
    let rules = app.snapshot.rules();
    Ok(knocks.end(|address| rules.access_point(address).is_some()))
}
