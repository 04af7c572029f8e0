//! The one that watches for all listeners.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use domain::event::following::Following;
use domain::event::listing::Order;
use domain::filter::Filter;
use store::Store;
use store::StoreError;
use store::event::PAGE_MAX;
use store::event::heard::Heard;
use store::event::heard::News;
use store::event::log;
use store::event::log::Part;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::Room;
use super::Told;
use super::lock;
use crate::App;
use crate::world::World;

/// How often the database is looked at for what other programs did, and the room for whether
/// anybody is in it.
const LOOK: Duration = Duration::from_secs(1);

/// Most pages of ids in one look: a minute of more logins than servers have that share a database.
/// Beyond, listeners are told to read the list anew.
const PAGES_MAX: usize = 64;

/// Watches while somebody listens.
pub(super) struct Watcher {
    store: Store,
    world: Arc<World>,
    heard: Heard,
    following: Following,
    room: Arc<Mutex<Room>>,
    sender: broadcast::Sender<Told>,
}

impl Watcher {
    /// Hears of everything from now on; what is there already is no news.
    pub(super) async fn begin(
        app: &App,
        room: Arc<Mutex<Room>>,
        sender: broadcast::Sender<Told>,
    ) -> Result<Self, StoreError> {
        let mut watcher = Self {
            store: app.store.clone(),
            world: Arc::clone(&app.world),
            heard: app.store.heard(),
            following: Following::newly(app.world.now()),
            room,
            sender,
        };
        if watcher.store.is_shared() {
            let mut after = watcher.following.look(watcher.world.now());
            for _ in 0..PAGES_MAX {
                let ids = log::ids_behind(&watcher.store, after, PAGE_MAX).await?;
                for id in &ids {
                    watcher.following.note_told(*id);
                }
                let Some(last) = ids.last() else { break };
                after = *last;
            }
        }
        Ok(watcher)
    }

    pub(super) async fn watch(mut self) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failures = 0_u32;
        loop {
            tokio::select! {
                news = self.heard.next() => match news {
                    Some(news) => self.tell(news),
                    None => return,
                },
                _ = looks.tick() => {
                    if self.leave_if_alone() {
                        return;
                    }
                    match self.look().await {
                        Ok(()) => failures = 0,
                        Err(error) => {
                            failures += 1;
                            if failures == 1 {
                                tracing::warn!(%error, "new events cannot be looked for");
                            }
                        }
                    }
                }
            }
        }
    }

    /// Ends the watch if nobody listens any more; whoever comes next begins another.
    fn leave_if_alone(&self) -> bool {
        let mut room = lock(&self.room);
        let is_alone = self.sender.receiver_count() == 0;
        if is_alone {
            room.watched = None;
        }
        is_alone
    }

    /// Passes on what this program made durable.
    fn tell(&mut self, news: News) {
        match news {
            News::Events(events) => {
                for event in events.iter() {
                    // Where nobody else writes, nothing is looked for and told twice.
                    if !self.store.is_shared() || self.following.note_told(event.id) {
                        self.send(Told::Event(Arc::new(event.clone())));
                    }
                }
            }
            News::Missed => self.send(Told::Resync),
        }
    }

    fn send(&self, told: Told) {
        // The last listener may have gone in the meantime.
        drop(self.sender.send(told));
    }

    /// Looks for what other programs on the same database did. Nearly all that is found is known:
    /// ids are read first, and events only from the first that is new.
    async fn look(&mut self) -> Result<(), StoreError> {
        if !self.store.is_shared() {
            return Ok(());
        }
        let mut after = self.following.look(self.world.now());
        for page in 0.. {
            if page == PAGES_MAX {
                self.send(Told::Resync);
                break;
            }
            let ids = log::ids_behind(&self.store, after, PAGE_MAX).await?;
            if let Some(first) = ids.iter().find(|id| self.following.wants(**id)) {
                let last = ids.last().unwrap_or(first);
                self.read(*first, *last).await?;
            }
            let Some(last) = ids.last() else { break };
            after = *last;
        }
        self.following.settle();
        Ok(())
    }

    /// Reads the events from the first to the last and passes on those that are new.
    async fn read(&mut self, first: Uuid, last: Uuid) -> Result<(), StoreError> {
        let before = Uuid::from_u128(first.as_u128().saturating_sub(1));
        let part = Part { order: Order::Oldest, after: Some(before), limit: PAGE_MAX };
        let page = log::list(&self.store, &Filter::default(), part).await?;
        for event in page.events.into_iter().filter(|event| event.id <= last) {
            if self.following.is_new(event.id) {
                self.send(Told::Event(Arc::new(event)));
            }
        }
        Ok(())
    }
}
