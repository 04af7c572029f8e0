//! Events as they come: one watcher in the program, however many listen. What this program makes
//! durable it hears of at once; what others on the same database did, it looks for.

pub mod right;
mod watcher;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::event::Event;
use domain::event::Shown;
use domain::event::listing::FIELDS;
use domain::filter::Filter;
use domain::refusal::Refusal;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;

use crate::App;
use crate::event;
use crate::live::watcher::Watcher;

/// Most that listen at once: pages that are open, each of which costs little more than its
/// connection.
pub const LISTENERS_MAX: usize = 1000;

/// Most of them of one: every page that somebody has open on a few screens, and not all the room.
pub const OF_ACTOR_MAX: usize = 16;

/// Most events that a listener may be behind; one further behind is told to read the list anew.
pub const BEHIND_MAX: usize = 1024;

/// Where listeners are.
#[derive(Debug, Default)]
pub struct Live {
    room: Arc<Mutex<Room>>,
}

/// The listeners, and who tells them.
#[derive(Debug, Default)]
struct Room {
    /// Nobody is told any more.
    is_closed: bool,
    /// None while nobody listens.
    watched: Option<Watched>,
    /// How many each has taken, by their names: no more entries than listeners.
    seats: HashMap<String, usize>,
}

/// A place to listen from. Dropped, it is free.
#[derive(Debug)]
struct Seat {
    room: Arc<Mutex<Room>>,
    of: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut room = lock(&self.room);
        let Some(count) = room.seats.get_mut(&self.of) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            room.seats.remove(&self.of);
        }
    }
}

#[derive(Debug)]
struct Watched {
    sender: broadcast::Sender<Told>,
    watcher: AbortHandle,
}

/// What all listeners are told.
#[derive(Clone, Debug)]
enum Told {
    Event(Arc<Event>),
    Resync,
}

/// What a listener is told.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Something happened.
    Event(Box<Shown>),
    /// Some events were missed: whoever shows a list is to read it anew.
    Resync,
}

/// A listener. Dropped, it listens no more.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Told>,
    filter: Filter,
    actor: Actor,
    _seat: Seat,
}

/// Listens to the events that a filter wants: all that are made durable after this.
pub async fn subscribe(app: &App, actor: &Actor, filter: &str) -> Result<Subscription, Refusal> {
    actor.may(Permission::EventRead)?;
    let filter = Filter::parse(filter, &FIELDS, app.world.time())?;
    let seat = app.live.sit(actor)?;
    let receiver = app.live.enter(app).await?;
    Ok(Subscription { receiver, filter, actor: actor.clone(), _seat: seat })
}

impl Subscription {
    /// What comes next; none once the program ends.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            match self.receiver.recv().await {
                Ok(Told::Event(event)) if event.is_wanted(&self.filter) => {
                    let shown = event::as_seen_by(&self.actor, event.shown());
                    return Some(News::Event(Box::new(shown)));
                }
                Ok(Told::Event(_)) => {}
                Ok(Told::Resync) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    return Some(News::Resync);
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl Live {
    /// Takes a seat, if one has not as many already as one may.
    fn sit(&self, actor: &Actor) -> Result<Seat, Refusal> {
        let of = actor.administrator_name().unwrap_or(actor.name()).to_owned();
        let mut room = lock(&self.room);
        let count = room.seats.entry(of.clone()).or_insert(0);
        if *count >= OF_ACTOR_MAX {
            return Err(Refusal::OwnListeners { most: OF_ACTOR_MAX });
        }
        *count += 1;
        Ok(Seat { room: Arc::clone(&self.room), of })
    }

    /// One more listens; the first makes the watcher begin.
    async fn enter(&self, app: &App) -> Result<broadcast::Receiver<Told>, Refusal> {
        if let Some(receiver) = lock(&self.room).join()? {
            return Ok(receiver);
        }
        let (sender, receiver) = broadcast::channel(BEHIND_MAX);
        let watcher = Watcher::begin(app, Arc::clone(&self.room), sender.clone());
        let watcher = watcher.await.map_err(crate::unavailable)?;
        let mut room = lock(&self.room);
        // Somebody else may have come first in the meantime.
        if let Some(receiver) = room.join()? {
            return Ok(receiver);
        }
        let watcher = tokio::spawn(watcher.watch()).abort_handle();
        room.watched = Some(Watched { sender, watcher });
        Ok(receiver)
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        lock(&self.room).watched.as_ref().map_or(0, |watched| watched.sender.receiver_count())
    }

    /// Tells nobody any more: every listener hears that it is over.
    pub fn close(&self) {
        let mut room = lock(&self.room);
        room.is_closed = true;
        if let Some(Watched { watcher, .. }) = room.watched.take() {
            watcher.abort();
        }
    }
}

impl Room {
    /// One more listens, if there is a watcher already.
    fn join(&self) -> Result<Option<broadcast::Receiver<Told>>, Refusal> {
        if self.is_closed {
            return Err(crate::unavailable("the server ends"));
        }
        let Some(Watched { sender, .. }) = &self.watched else { return Ok(None) };
        if sender.receiver_count() >= LISTENERS_MAX {
            return Err(Refusal::TooManyListeners { most: LISTENERS_MAX });
        }
        Ok(Some(sender.subscribe()))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}
