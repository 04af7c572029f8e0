//! An HTTP proxy between a SCEP client and the server, which hides that messages can be posted:
//! the client falls back to GET (RFC 8894, 4.1).

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread::JoinHandle;

use crate::http;
use crate::patience::PATIENCE;

/// Longest head of a request that is passed on, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A proxy on a port of its own. Dropped, it ends.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Opens it before the server at `behind`.
    #[track_caller]
    pub fn open(behind: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket").to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, behind) = (Arc::clone(&requests), behind.to_owned());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = head(&stream) else { break };
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                if let Ok(mut seen) = seen.lock() {
                    seen.push(request);
                }
                pass(stream, &behind, &path);
            }
        });
        Self { address, requests, thread: Some(thread) }
    }

    /// The first line of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().map(|requests| requests.clone()).unwrap_or_default()
    }
}

/// The first line of a request, whose head is read whole; none if there is no request.
fn head(mut stream: &TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") && bytes.len() < HEAD_BYTES_MAX {
        stream.read_exact(&mut byte).ok()?;
        bytes.extend(byte);
    }
    let text = String::from_utf8(bytes).ok()?;
    text.lines().next().map(str::to_owned)
}

/// Asks the server by GET and tells the client, who does not learn of POST.
fn pass(mut stream: TcpStream, behind: &str, path: &str) {
    let answer = http::get(behind, path);
    let (head, mut body) = (answer.head, answer.body);
    if path.contains("GetCACaps") {
        let text = String::from_utf8_lossy(&body);
        let kept = ["POSTPKIOperation", "SCEPStandard"];
        let lines = text.lines().filter(|line| !kept.contains(line));
        body = lines.collect::<Vec<_>>().join("\n").into_bytes();
    }
    let of = |line: &&str| line.to_ascii_lowercase().starts_with("content-type");
    let kind = head.lines().find(of).unwrap_or_default();
    let (status, length) = (answer.status, body.len());
    let head = format!(
        "HTTP/1.1 {status} .\r\n{kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // A client that has gone away needs no answer.
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A connection without a request ends the loop.
        drop(TcpStream::connect(&self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
