//! A PostgreSQL server of the tests' own: a directory, a Unix socket, and nothing on the network.
//!
//! It ends with the process that started it, however that ends: a shell watches over it and is
//! told what to do through a pipe.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Runs the server in the directory `$1`, with or without `fsync` as `$2` says, and does what it is told, a word a line; answers `ready`
/// or why not. PostgreSQL refuses root, so that root becomes somebody else for it.
const KEEPER: &str = r#"
set -u
directory=$1
fsync=$2
bin=
# Debian keeps the server's programs where no shell searches.
for candidate in "$(pg_config --bindir 2>/dev/null)" /usr/lib/postgresql/*/bin; do
    [ -x "$candidate/postgres" ] && [ -x "$candidate/initdb" ] && bin=$candidate
done
if [ -z "$bin" ]; then echo "PostgreSQL is missing: install the package postgresql"; exit 1; fi
as=
if [ "$(id -u)" = 0 ]; then
    user=nobody
    id postgres >/dev/null 2>&1 && user=postgres
    as="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
    chown "$user" "$directory"
fi
cd "$directory"
start() {
    $as "$bin/postgres" -D data -k "$directory" -c listen_addresses= -c fsync="$fsync" \
        -c max_connections=400 -c max_locks_per_transaction=256 >>log 2>&1 </dev/null &
    server=$!
    until $as "$bin/pg_isready" -q -h "$directory" -U postgres; do
        if ! kill -0 $server 2>/dev/null; then tr '\n' ' ' <log; echo; exit 1; fi
        sleep 0.05
    done
}
stop() {
    kill "-$1" $server 2>/dev/null
    wait $server
}
$as "$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >log 2>&1 ||
    { tr '\n' ' ' <log; echo; exit 1; }
start
echo ready
while read -r order name sql; do
    case $order in
        database) $as "$bin/createdb" -h "$directory" -U postgres "$name" 2>&1 | tr '\n' ' ' ;;
        query) $as "$bin/psql" -h "$directory" -U postgres -X -A -t -c "$sql" "$name" 2>&1 ;;
        stop) stop QUIT ;;
        start) start ;;
    esac
    echo ready
done
stop QUIT
cd /
rm -rf "$directory"
"#;

/// A running server. Its files go with it.
pub struct Postgres {
    directory: PathBuf,
    keeper: Mutex<Keeper>,
    databases: AtomicU32,
}

/// The shell that watches over a server.
struct Keeper {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The server that all tests of this process share, each with a database of its own.
///
/// # Panics
///
/// If there is no PostgreSQL.
pub fn shared() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(Postgres::start)
}

impl Postgres {
    /// Starts a server.
    ///
    /// # Panics
    ///
    /// If there is no PostgreSQL.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("off")
    }

    /// Starts a server that waits for the disk: for measuring.
    ///
    /// # Panics
    ///
    /// If there is no PostgreSQL.
    #[must_use]
    pub fn start_durable() -> Self {
        Self::start_with("on")
    }

    fn start_with(fsync: &str) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("safeconduct-postgres-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).expect("the directory of PostgreSQL can be made");
        let mut child = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&directory)
            .arg(fsync)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh is on every machine");
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut keeper = Keeper { child, orders, answers };
        keeper.expect_ready();
        Self { directory, keeper: Mutex::new(keeper), databases: AtomicU32::new(0) }
    }

    /// Makes an empty database and answers its URL.
    #[must_use]
    pub fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.keeper().order(&format!("database {name}"));
        format!("postgres:///{name}?user=postgres&host={}", self.directory.display())
    }

    /// What the server answers to a statement, a row a line: asked as a stranger would.
    #[must_use]
    pub fn query(&self, url: &str, sql: &str) -> String {
        let name = url.trim_start_matches("postgres:///").split('?').next().unwrap_or_default();
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        self.keeper().ask(&format!("query {name} {sql}"))
    }

    /// Lets the administrator of the server do something.
    ///
    /// # Panics
    ///
    /// If the server refuses it.
    pub fn administer(&self, url: &str, sql: &str) {
        let said = self.query(url, sql);
        assert!(!said.contains("ERROR"), "{said}");
    }

    /// Stops the server at once, as a power cut would.
    pub fn stop(&self) {
        self.keeper().order("stop");
    }

    /// Starts the server again.
    pub fn start_again(&self) {
        self.keeper().order("start");
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    fn order(&mut self, order: &str) {
        let said = self.ask(order);
        assert_eq!(said, "", "PostgreSQL for the tests");
    }

    fn ask(&mut self, order: &str) -> String {
        let orders = self.orders.as_mut().expect("the keeper is there until the end");
        writeln!(orders, "{order}").expect("the keeper takes orders");
        self.hear()
    }

    fn expect_ready(&mut self) {
        assert_eq!(self.hear(), "", "PostgreSQL for the tests");
    }

    /// What the keeper says before it is ready; all, if it ends.
    fn hear(&mut self) -> String {
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let length = self.answers.read_line(&mut line).expect("the keeper answers");
            if length == 0 || line.trim_end() == "ready" {
                return said;
            }
            said.push_str(&line);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // The end of the orders is the order to end.
        self.orders = None;
        drop(self.child.wait());
    }
}
