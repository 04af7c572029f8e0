//! The control socket: the API for the command line on this machine. The file's permissions and
//! the peer's user decide who may come in.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use axum::Router;
use domain::actor::Actor;
use tokio::net::UnixListener;
use tokio::sync::watch;

use crate::door::http;
use crate::door::http::Connections;
use crate::door::http::Visitor;

/// The socket's name in the data directory.
pub(crate) const SOCKET: &str = "control.sock";

/// The file that names the socket when the data directory's path is too long for one.
pub(crate) const POINTER: &str = "control.path";

/// Longest path of a socket that Linux and macOS both take, in bytes.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// A socket that listens. Dropped, its files are removed.
pub(crate) struct Control {
    listener: UnixListener,
    files: Vec<PathBuf>,
    owner: u32,
}

/// Opens the socket of a data directory whose lock the caller holds. Must run within tokio.
pub(crate) fn open(data: &Path) -> io::Result<Control> {
    let pointer = data.join(POINTER);
    remove_stale(&pointer)?;
    let own = data.join(SOCKET);
    let mut files = Vec::new();
    let path = if own.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        own
    } else {
        let directory = short_directory()?;
        let path = directory.join(SOCKET);
        store::directory::write_private(&pointer, path.as_os_str().as_encoded_bytes())?;
        files.push(pointer);
        files.push(directory);
        path
    };
    remove_stale(&path)?;
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    files.insert(0, path);
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(data)?);
    Ok(Control { listener, files, owner })
}

/// Where the socket of a data directory is, if a server left word of one.
pub(crate) fn path_of(data: &Path) -> PathBuf {
    let pointer = data.join(POINTER);
    match std::fs::read_to_string(pointer) {
        Ok(path) => PathBuf::from(path.trim_end()),
        Err(_) => data.join(SOCKET),
    }
}

/// Answers on the socket until told to stop.
pub(crate) async fn serve(control: Control, router: Router, mut stop: watch::Receiver<bool>) {
    let connections = Connections::new(router);
    loop {
        let accepted = tokio::select! {
            accepted = control.listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                http::rest(&error).await;
                continue;
            }
        };
        match stream.peer_cred() {
            Ok(peer) if peer.uid() == control.owner || peer.uid() == 0 => {
                let actor = Actor::owner(format!("administrator uid {}", peer.uid()));
                connections.serve(async { Ok(stream) }, Visitor::Known(actor), &mut stop).await;
            }
            Ok(peer) => {
                tracing::warn!(uid = peer.uid(), "a stranger knocked at the control socket")
            }
            Err(error) => tracing::warn!(%error, "a peer of the control socket is not known"),
        }
    }
    connections.close().await;
}

/// A directory of our own with a short path.
fn short_directory() -> io::Result<PathBuf> {
    let mut random = [0; 8];
    crate::clock::fill(&mut random);
    let name = format!("safeconduct-{:016x}", u64::from_be_bytes(random));
    let directory = std::env::temp_dir().join(name);
    store::directory::prepare(&directory)?;
    Ok(directory)
}

fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        for file in &self.files {
            let removed =
                if file.is_dir() { std::fs::remove_dir(file) } else { std::fs::remove_file(file) };
            if let Err(error) = removed {
                tracing::warn!(%error, file = %file.display(), "a file of the control socket stays");
            }
        }
    }
}
