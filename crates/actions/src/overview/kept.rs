//! Figures that are worked out once and told for a while: to many pages at once, and to the next
//! one before they are worked out anew.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use domain::access_point::knock::Knock;
use domain::doctor::Finding;
use domain::overview::Activity;
use domain::refusal::Refusal;
use pki::time::Time;

use super::Counted;
use crate::App;

/// Everything that is kept.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Read in a hundredth of a second.
    pub(crate) activity: Kept<Activity>,
    /// The newest 20,000 answers are looked at.
    pub(crate) findings: Kept<Vec<Finding>>,
    /// As many as ten thousand events are looked at.
    pub(crate) knocks: Kept<Vec<Knock>>,
    /// A million certificates are counted.
    pub(crate) ends: Kept<Counted>,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            activity: Kept::for_seconds(1),
            findings: Kept::for_seconds(30),
            knocks: Kept::for_seconds(10),
            ends: Kept::for_seconds(60),
        }
    }
}

/// How many times as long as figures are new they are told while newer ones are worked out.
const OLD_TIMES: i64 = 10;

/// One figure.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    /// How long it counts as new.
    seconds: i64,
    last: Mutex<Option<Made<T>>>,
    /// One works it out at a time.
    making: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Made<T> {
    moment: Moment,
    value: T,
}

/// When something was worked out, and under which version of the rules.
#[derive(Clone, Copy, Debug)]
struct Moment {
    at: Time,
    version: i64,
}

/// What is known already.
enum Known<T> {
    /// It is new.
    New(T),
    /// It may be told once more, and is to be worked out anew.
    Old(T),
    /// Nothing that may be told.
    Nothing,
}

impl<T: Clone> Kept<T> {
    fn for_seconds(seconds: i64) -> Self {
        Self { seconds, last: Mutex::default(), making: tokio::sync::Mutex::default() }
    }

    fn known(&self, now: Moment) -> Known<T> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Made { moment, value }) = last.as_ref() else { return Known::Nothing };
        let age = now.at.0.saturating_sub(moment.at.0);
        // What an administrator changed shows at once.
        if moment.version != now.version || age < 0 {
            return Known::Nothing;
        }
        if age < self.seconds {
            Known::New(value.clone())
        } else if age < self.seconds * OLD_TIMES {
            Known::Old(value.clone())
        } else {
            Known::Nothing
        }
    }

    /// Works it out, unless somebody else did while this one waited for its turn.
    async fn make(
        &self,
        now: Moment,
        made: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let _turn = self.making.lock().await;
        if let Known::New(value) = self.known(now) {
            return Ok(value);
        }
        let value = made.await?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(Made { moment: now, value: value.clone() });
        Ok(value)
    }

    fn is_being_made(&self) -> bool {
        self.making.try_lock().is_err()
    }
}

/// A figure: as it was worked out a moment ago, else worked out now. One that is a little old is
/// told as it is, and worked out anew in the background.
pub(crate) async fn kept<T, F>(
    app: &Arc<App>,
    which: fn(&App) -> &Kept<T>,
    make: fn(Arc<App>) -> F,
) -> Result<T, Refusal>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
{
    let now = Moment { at: app.world.time(), version: app.snapshot.rules().version };
    match which(app).known(now) {
        Known::New(value) => Ok(value),
        Known::Old(value) => {
            if !which(app).is_being_made() {
                let app = Arc::clone(app);
                tokio::spawn(async move {
                    if let Err(refusal) = which(&app).make(now, make(Arc::clone(&app))).await {
                        tracing::warn!(%refusal, "figures cannot be worked out anew");
                    }
                });
            }
            Ok(value)
        }
        Known::Nothing => which(app).make(now, make(Arc::clone(app))).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at: i64, version: i64) -> Moment {
        Moment { at: Time(at), version }
    }

    async fn made(kept: &Kept<i64>, at: i64) -> i64 {
        kept.make(moment(at, 1), async { Ok(at) }).await.unwrap()
    }

    fn told(kept: &Kept<i64>, now: Moment) -> (Option<i64>, bool) {
        match kept.known(now) {
            Known::New(value) => (Some(value), true),
            Known::Old(value) => (Some(value), false),
            Known::Nothing => (None, false),
        }
    }

    #[tokio::test]
    async fn a_figure_is_told_for_a_while_and_then_once_more_while_it_is_made() {
        let kept = Kept::for_seconds(30);
        assert_eq!(told(&kept, moment(100, 1)), (None, false));
        assert_eq!(made(&kept, 100).await, 100);
        assert_eq!(told(&kept, moment(129, 1)), (Some(100), true));
        assert_eq!(made(&kept, 129).await, 100);
        assert_eq!(told(&kept, moment(130, 1)), (Some(100), false));
        assert_eq!(told(&kept, moment(399, 1)), (Some(100), false));
        assert_eq!(told(&kept, moment(400, 1)), (None, false));
        assert_eq!(made(&kept, 130).await, 130);
        assert_eq!(told(&kept, moment(140, 1)), (Some(130), true));
    }

    #[tokio::test]
    async fn a_change_and_a_clock_that_went_back_make_it_anew() {
        let kept = Kept::for_seconds(30);
        made(&kept, 100).await;
        assert_eq!(told(&kept, moment(101, 2)), (None, false));
        assert_eq!(told(&kept, moment(99, 1)), (None, false));
    }

    #[tokio::test]
    async fn what_could_not_be_made_is_tried_again() {
        let kept = Kept::for_seconds(30);
        let failed = kept.make(moment(100, 1), async { Err(Refusal::Overloaded) }).await;
        assert_eq!(failed, Err(Refusal::Overloaded));
        assert_eq!(made(&kept, 100).await, 100);
        assert!(!kept.is_being_made());
    }
}
