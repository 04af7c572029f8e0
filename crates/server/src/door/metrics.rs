//! `/metrics`: what is counted, as Prometheus reads it. `docs/metrics.md` has every name.

mod table;

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use actions::App;
use actions::metrics;
use actions::metrics::BOUNDS_MICROS;
use actions::metrics::Counted;
use actions::metrics::Counts;
use actions::notary;
use actions::revocation_list;
use domain::server_certificate::ServerCertificate;
use pki::time::Time;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Registry;
use store::WriterState;

use crate::door::metrics::table::Metric;
use crate::door::traffic::Traffic;

/// What the text is called.
pub(crate) const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How long the age of the inventory is good for, in seconds: to find it, every device is looked at.
const AGE_SECONDS: i64 = 60;

/// Names and values that tell series of one metric apart.
type Labels = Vec<(&'static str, String)>;

/// Everything that is told of one organization.
pub(crate) struct Metrics {
    registry: Registry,
}

/// Reads the values when they are asked for.
struct Reader {
    app: Arc<App>,
    traffic: Arc<Traffic>,
    started: Time,
    /// When something was last told of a device, and when that was looked up.
    told: Mutex<Option<(Time, Option<Time>)>>,
}

impl Metrics {
    /// The metrics of an organization that is served since now.
    pub(crate) fn of(app: &Arc<App>, traffic: &Arc<Traffic>) -> Self {
        let (app, traffic) = (Arc::clone(app), Arc::clone(traffic));
        let started = app.world.time();
        let reader = Reader { app, traffic, started, told: Mutex::default() };
        let mut registry = Registry::with_prefix("safeconduct");
        registry.register_collector(Box::new(reader));
        Self { registry }
    }

    /// The text of now.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("started", &self.started).finish_non_exhaustive()
    }
}

impl Collector for Reader {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut page = Page(encoder);
        self.of_program(&mut page)?;
        self.of_devices(&mut page)?;
        self.of_requests(&mut page)?;
        self.of_queues(&mut page)?;
        self.of_certificates(&mut page)?;
        self.of_inventory(&mut page)?;
        self.of_audit(&mut page)
    }
}

impl Reader {
    fn of_program(&self, page: &mut Page<'_>) -> fmt::Result {
        let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
        page.gauge(&table::BUILD_INFO, [(version, 1)])?;
        page.gauge(&table::START, [(Labels::new(), self.started.0)])
    }

    fn of_devices(&self, page: &mut Page<'_>) -> fmt::Result {
        let counted = self.app.snapshot.metrics();
        page.counter(&table::LOGINS, answers(&counted.logins))?;
        page.durations(&table::LOGIN_DURATION, [(Labels::new(), counted.login_time.read())])?;
        let dropped = counted.dropped.read().into_iter();
        let dropped = dropped.map(|(code, count)| (vec![("code", code.to_owned())], count));
        page.counter(&table::DROPPED, dropped)?;
        page.gauge(&table::CONVERSATIONS, [(Labels::new(), counted.conversations.read())])?;
        page.counter(&table::ENROLLMENTS, answers(&counted.enrollments))?;
        let took = counted.enrollment_time.read();
        page.durations(&table::ENROLLMENT_DURATION, [(Labels::new(), took)])
    }

    fn of_requests(&self, page: &mut Page<'_>) -> fmt::Result {
        let requests = self.traffic.requests().into_iter().map(|([door, method, class], count)| {
            let labels = [("door", door), ("method", method), ("status", class)];
            (labels.map(|(name, value)| (name, value.to_owned())).to_vec(), count)
        });
        page.counter(&table::REQUESTS, requests)?;
        let durations = self.traffic.durations().into_iter();
        let durations = durations.map(|(door, counted)| (vec![("door", door.to_owned())], counted));
        page.durations(&table::REQUEST_DURATION, durations)?;
        let refused = self.traffic.refused().into_iter();
        page.counter(&table::REFUSALS, refused.map(|(code, count)| (vec![("code", code)], count)))
    }

    fn of_queues(&self, page: &mut Page<'_>) -> fmt::Result {
        let now = self.app.store.writer();
        let states = [
            ("writing", WriterState::Writing),
            ("full", WriterState::Full),
            ("stopped", WriterState::Stopped),
            ("unreachable", WriterState::Unreachable),
        ];
        let states = states
            .into_iter()
            .map(|(word, state)| (vec![("state", word.to_owned())], i64::from(state == now)));
        page.gauge(&table::WRITER, states)?;
        let journal = self.app.snapshot.journal();
        page.gauge(&table::JOURNAL_WAITING, [(Labels::new(), whole(journal.waiting()))])?;
        page.counter(&table::JOURNAL_LOST, [(Labels::new(), journal.lost())])?;
        let rules = self.app.snapshot.rules();
        let waiting = rules.authority_keys().map(|key| {
            let slug = key.definition.key_slug(key.generation.number);
            (vec![("authority", slug)], whole(key.generation.key.waiting()))
        });
        page.gauge(&table::SIGNER_WAITING, waiting)
    }

    fn of_certificates(&self, page: &mut Page<'_>) -> fmt::Result {
        let certificates = self.app.snapshot.certificates().into_iter();
        let certificates = certificates.map(|(status, count)| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            (vec![("status", status.as_str().to_owned())], count)
        });
        page.gauge(&table::CERTIFICATES, certificates)?;
        let rules = self.app.snapshot.rules();
        let named = |kind: &str, name: String| vec![("kind", kind.to_owned()), ("name", name)];
        let authorities = rules.authority_keys().filter_map(|key| {
            let slug = key.definition.key_slug(key.generation.number);
            Some((named("authority", slug), key.generation.chain.first()?.not_after.0))
        });
        let servers = rules.organization.server_certificate.iter();
        let slots = servers
            .filter_map(|ServerCertificate { name, .. }| Some((name, rules.slots_of(name)?)));
        let servers = slots.flat_map(|(name, slots)| {
            let next = slots.next.iter().map(|slot| ("server-next", slot));
            let all = core::iter::once(("server", &slots.active)).chain(next);
            all.map(|(kind, slot)| (named(kind, name.clone()), slot.certificate().not_after.0))
        });
        page.gauge(&table::NOT_AFTER, authorities.chain(servers))?;
        let lists = rules.authority_keys().filter_map(|key| {
            let slug = key.definition.key_slug(key.generation.number);
            let list = revocation_list::find(&self.app, key)?;
            Some((vec![("authority", slug)], list.next_update.0))
        });
        page.gauge(&table::NEXT_UPDATE, lists)
    }

    fn of_inventory(&self, page: &mut Page<'_>) -> fmt::Result {
        let inventory = self.app.snapshot.inventory();
        page.gauge(&table::DEVICES, [(Labels::new(), whole(inventory.known_count()))])?;
        page.gauge(&table::PEOPLE, [(Labels::new(), whole(inventory.people_count()))])?;
        let told = self.told_at().into_iter().map(|at| (Labels::new(), at.0));
        page.gauge(&table::INVENTORY_TOLD, told)
    }

    /// When something was last told of a device.
    fn told_at(&self) -> Option<Time> {
        let now = self.app.world.time();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match *told {
            Some((looked, at)) if (looked..looked.plus_seconds(AGE_SECONDS)).contains(&now) => at,
            Some(_) | None => {
                let devices = self.app.snapshot.inventory().devices();
                let at = devices.iter().filter_map(|(device, _)| device.inventoried_at()).max();
                *told = Some((now, at));
                at
            }
        }
    }

    fn of_audit(&self, page: &mut Page<'_>) -> fmt::Result {
        let state = notary::state(&self.app);
        page.gauge(&table::AUDIT_ROWS, [(Labels::new(), state.rows)])?;
        page.gauge(&table::AUDIT_SIGNED, [(Labels::new(), state.covered)])?;
        let broken = i64::from(state.broken.is_some());
        page.gauge(&table::AUDIT_BROKEN, [(Labels::new(), broken)])
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Answers by outcome and code; a yes is there from the start, so that its rate is.
fn answers(counts: &Counts) -> Vec<(Labels, u64)> {
    let mut read = counts.read();
    if !read.iter().any(|(code, _)| *code == metrics::ACCEPTED) {
        read.insert(0, (metrics::ACCEPTED, 0));
    }
    let labels = |code: &str| {
        let outcome = if code == metrics::ACCEPTED { "accepted" } else { "refused" };
        vec![("outcome", outcome.to_owned()), ("code", code.to_owned())]
    };
    read.into_iter().map(|(code, count)| (labels(code), count)).collect()
}

/// Where metrics are written.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn counter(
        &mut self,
        metric: &Metric,
        series: impl IntoIterator<Item = (Labels, u64)>,
    ) -> fmt::Result {
        let mut encoder = metric.begin(&mut self.0)?;
        let none = None::<&Exemplar<Labels, f64>>;
        for (labels, value) in series {
            match labels.as_slice() {
                [] => encoder.encode_counter(&value, none)?,
                [..] => encoder.encode_family(&labels)?.encode_counter(&value, none)?,
            }
        }
        Ok(())
    }

    fn gauge(
        &mut self,
        metric: &Metric,
        series: impl IntoIterator<Item = (Labels, i64)>,
    ) -> fmt::Result {
        let mut encoder = metric.begin(&mut self.0)?;
        for (labels, value) in series {
            match labels.as_slice() {
                [] => encoder.encode_gauge(&value)?,
                [..] => encoder.encode_family(&labels)?.encode_gauge(&value)?,
            }
        }
        Ok(())
    }

    fn durations(
        &mut self,
        metric: &Metric,
        series: impl IntoIterator<Item = (Labels, Counted)>,
    ) -> fmt::Result {
        let mut encoder = metric.begin(&mut self.0)?;
        for (labels, Counted { counts, micros }) in series {
            let bounds = BOUNDS_MICROS.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
            let (sum, count) = (seconds(micros), counts.iter().sum());
            match labels.as_slice() {
                [] => encoder.encode_histogram::<Labels>(sum, count, &buckets, None)?,
                [..] => encoder
                    .encode_family(&labels)?
                    .encode_histogram::<Labels>(sum, count, &buckets, None)?,
            }
        }
        Ok(())
    }
}

fn seconds(micros: u64) -> f64 {
    core::time::Duration::from_micros(micros).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::AtomicU8;
    use std::sync::atomic::Ordering;

    use actions::world::World;
    use domain::event::Moment;
    use store::Store;
    use store::seal::MasterKey;

    use super::*;
    use crate::door::metrics::table::Kind;

    async fn text() -> String {
        let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = Store::scratch(&master).unwrap();
        let drawn = AtomicU8::new(0);
        let random = move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| *byte = drawn.fetch_add(1, Ordering::Relaxed));
        };
        let world = World::new(|| Moment(1_795_471_200_000), random);
        let app = App::open(store, master, world).await.unwrap();
        app.snapshot.metrics().logins.add("TLS-NO-CERTIFICATE");
        Metrics::of(&app, &Arc::default()).text().unwrap()
    }

    fn word(kind: Kind) -> &'static str {
        match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }

    /// Every metric by its whole name, with its kind.
    fn expected() -> BTreeMap<String, &'static str> {
        let name = |metric: &Metric| match metric.kind {
            Kind::Counter => format!("safeconduct_{}_total", metric.name),
            Kind::Gauge | Kind::Histogram => format!("safeconduct_{}", metric.name),
        };
        table::ALL.iter().map(|metric| (name(metric), word(metric.kind))).collect()
    }

    #[tokio::test]
    async fn every_metric_is_told_with_its_kind() {
        let text = text().await;
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let told: BTreeMap<String, &str> = types
            .map(|line| line.split_once(' ').unwrap())
            .map(|(n, k)| (n.to_owned(), k))
            .collect();
        assert_eq!(told, expected());
        assert!(text.contains("safeconduct_start_timestamp_seconds 1795471200\n"), "{text}");
        let refused =
            "safeconduct_logins_total{outcome=\"refused\",code=\"TLS-NO-CERTIFICATE\"} 1\n";
        assert!(text.contains(refused), "{text}");
        let accepted = "safeconduct_logins_total{outcome=\"accepted\",code=\"\"} 0\n";
        assert!(text.contains(accepted), "{text}");
    }

    #[test]
    fn the_handbook_lists_every_metric_with_its_kind() {
        let page = include_str!("../../../../docs/metrics.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `safeconduct_"));
        let listed: BTreeMap<String, &str> = rows
            .map(|row| {
                let mut cells = row.split(" | ");
                let name = format!("safeconduct_{}", cells.next().unwrap().trim_matches('`'));
                (name, cells.next().unwrap())
            })
            .collect();
        assert_eq!(listed, expected());
    }
}
