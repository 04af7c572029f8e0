//! Connections to the server: set up, watched, and made anew with patience when they break.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_postgres::config::Host;
use tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls, Statement};

use super::{convert, failure};
use crate::value::Value;
use crate::{ShownUrl, StoreError};

/// How long connecting may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// The pause after a first failure to connect; each further one doubles it.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// The longest pause between attempts to connect.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Where PostgreSQL is if the address does not say.
const PORT: u16 = 5432;

/// Prepared statements kept per connection: the program has a few hundred in all.
const STATEMENTS_CACHED_MAX: usize = 512;

/// Messages of the server that wait for the listener; beyond it, it reads everything again.
const MESSAGES_MAX: usize = 1024;

/// What every connection says first. Reads and changes wait for a bounded time, each statement sees
/// what was committed before it, and a commit is durable whatever the server's configuration says.
const SETTINGS: &str = "set lock_timeout = '5s'; set statement_timeout = '30s';
    set default_transaction_isolation = 'read committed';
    select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit') in ('off', 'local');";

/// What a connection is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// Reads, and can do nothing else.
    Reader,
    /// Makes changes, and holds no transaction open for long.
    Writer,
    /// Hears announcements.
    Listener,
}

/// Where the database is.
#[derive(Clone)]
pub(super) struct Address {
    config: Arc<Config>,
    /// How often any link connected: whoever rests then tries again at once.
    connected: Arc<AtomicU64>,
}

/// One connection.
pub(super) struct Connection {
    pub(super) client: Client,
    /// What the server says unasked.
    pub(super) messages: mpsc::Receiver<AsyncMessage>,
    statements: HashMap<String, Statement>,
    driver: AbortHandle,
}

/// A connection that is made when it is needed, and anew when it broke.
pub(super) struct Link {
    address: Address,
    role: Role,
    connection: Option<Connection>,
    pause: Duration,
    resting: Option<Rest>,
}

/// The pause after a failure to connect.
struct Rest {
    until: Instant,
    why: StoreError,
    /// How often any link had connected when it began.
    connected: u64,
}

impl Address {
    /// Reads a URL (`postgres://…`) or a list of `key=value`.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let failed = |why: Error| {
            let source = std::error::Error::source(&why).map(ToString::to_string);
            StoreError::Address(source.unwrap_or_else(|| why.to_string()))
        };
        let mut config: Config = url.parse().map_err(failed)?;
        config
            .application_name("safeconduct")
            .connect_timeout(CONNECT_PATIENCE)
            .keepalives_idle(Duration::from_secs(15))
            .tcp_user_timeout(Duration::from_secs(30));
        Ok(Self { config: Arc::new(config), connected: Arc::default() })
    }

    /// The address as people may see it: without the password.
    pub(super) fn shown(&self) -> ShownUrl {
        let user = self.config.get_user().unwrap_or_default();
        let database = self.config.get_dbname().unwrap_or(user);
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate().map(|(place, host)| {
            let port = ports.get(place).or(ports.first()).copied().unwrap_or(PORT);
            match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(directory) => format!("{}:{port}", directory.display()),
            }
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        let at = if user.is_empty() { "" } else { "@" };
        let text = format!("postgres://{user}{at}{hosts}/{database}");
        ShownUrl { text, has_password: self.config.get_password().is_some() }
    }

    /// Connects.
    pub(super) async fn connect(&self, role: Role) -> Result<Connection, StoreError> {
        let connecting = tokio::time::timeout(CONNECT_PATIENCE, self.connect_now(role)).await;
        connecting
            .map_err(|_| StoreError::Unreachable("it does not answer".to_owned()))?
            .map_err(|why| failure::classify_connecting(&why))
    }

    async fn connect_now(&self, role: Role) -> Result<Connection, Error> {
        let (client, mut wire) = self.config.connect(NoTls).await?;
        let (said, messages) = mpsc::channel(MESSAGES_MAX);
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) =
                std::future::poll_fn(|context| wire.poll_message(context)).await
            {
                if matches!(message, AsyncMessage::Notification(_))
                    && said.try_send(message).is_err()
                {
                    // A listener so far behind connects anew, and then reads everything again.
                    break;
                }
            }
        });
        let driver = driver.abort_handle();
        let connection = Connection { client, messages, statements: HashMap::new(), driver };
        connection.client.batch_execute(SETTINGS).await?;
        let own = match role {
            Role::Reader => "set default_transaction_read_only = on",
            Role::Writer => "set idle_in_transaction_session_timeout = '10s'",
            Role::Listener => "listen safeconduct",
        };
        connection.client.batch_execute(own).await?;
        Ok(connection)
    }
}

impl Connection {
    /// Prepares a statement, once, and checks that it gets as many arguments as it wants.
    pub(super) async fn prepare(
        &mut self,
        sql: &str,
        args: &[Value],
    ) -> Result<Statement, StoreError> {
        let statement = match self.statements.get(sql) {
            Some(statement) => statement.clone(),
            None => {
                let prepared = self.client.prepare(sql).await;
                let statement = prepared.map_err(|why| failure::classify(&why))?;
                if self.statements.len() >= STATEMENTS_CACHED_MAX {
                    self.statements.clear();
                }
                self.statements.insert(sql.to_owned(), statement.clone());
                statement
            }
        };
        let wanted = statement.params().len();
        if wanted != args.len() {
            let what = format!("{} arguments for {wanted} placeholders", args.len());
            return Err(StoreError::Statement(what));
        }
        Ok(statement)
    }
}

/// The arguments of a statement as the driver wants them.
pub(super) fn arguments(args: &[Value]) -> impl ExactSizeIterator<Item = convert::Argument<'_>> {
    args.iter().map(convert::Argument)
}

impl Drop for Connection {
    /// Ends it also if the server is silent; what was not committed is rolled back.
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Link {
    /// A link that connects when it is first needed.
    pub(super) fn new(address: Address, role: Role) -> Self {
        Self { address, role, connection: None, pause: PAUSE_MIN, resting: None }
    }

    /// The connection. After a failure it answers that failure until the pause is over or another
    /// link connects, so that callers are not kept waiting and a server that starts is not stormed.
    pub(super) async fn get(&mut self) -> Result<&mut Connection, StoreError> {
        if self.connection.as_ref().is_none_or(|connection| connection.client.is_closed()) {
            self.connection = None;
            let count = self.address.connected.load(Ordering::Relaxed);
            if let Some(Rest { until, why, connected }) = &self.resting
                && Instant::now() < *until
                && *connected == count
            {
                return Err(why.clone());
            }
            let connected = self.address.connect(self.role).await;
            let connection = connected.inspect_err(|why| self.rest(why, count))?;
            self.address.connected.fetch_add(1, Ordering::Relaxed);
            self.pause = PAUSE_MIN;
            self.resting = None;
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or(StoreError::Closed)
    }

    /// Gives the connection up: it broke, or nobody knows what state it is in.
    pub(super) fn give_up(&mut self) {
        self.connection = None;
    }

    /// Waits until connecting may be tried again.
    pub(super) async fn wait(&self) {
        if let Some(rest) = &self.resting {
            tokio::time::sleep_until(rest.until).await;
        }
    }

    fn rest(&mut self, why: &StoreError, connected: u64) {
        // Servers that lost the database together do not come back together.
        let spread = getrandom::u32().unwrap_or(0) % 50;
        let pause = self.pause + self.pause * spread / 100;
        let until = Instant::now() + pause;
        self.resting = Some(Rest { until, why: why.clone(), connected });
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }
}
