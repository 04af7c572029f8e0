//! An HTTP proxy between a SCEP client and the server, which turns each POST into the GET that
//! devices send which know no other way (RFC 8894, 4.1): strongSwan itself only posts.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread::JoinHandle;

use crate::base64;
use crate::http;
use crate::patience::PATIENCE;

/// Longest request that is passed on, in bytes.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// A proxy on a port of its own. Dropped, it ends.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: String,
    passed: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

/// A request as the client sent it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is asked for, with the query.
    pub path: String,
    /// The body; empty if there is none.
    pub body: Vec<u8>,
}

impl Proxy {
    /// Opens it before the server at `behind`.
    #[track_caller]
    pub fn open(behind: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket").to_string();
        let passed = Arc::new(Mutex::new(Vec::new()));
        let (list, behind) = (Arc::clone(&passed), behind.to_owned());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(Request { path, body }) = read(&stream) else { break };
                let message = escaped_base64(&body);
                let path = if body.is_empty() { path } else { format!("{path}&message={message}") };
                // Whoever has the answer is to find the request in the list.
                if let Ok(mut list) = list.lock() {
                    list.push(path.clone());
                }
                pass(stream, &behind, &path);
            }
        });
        Self { address, passed, thread: Some(thread) }
    }

    /// What was asked of the server so far, always by GET.
    pub fn passed(&self) -> Vec<String> {
        self.passed.lock().map(|passed| passed.clone()).unwrap_or_default()
    }
}

/// A request, read whole; none if there is none.
pub fn read(mut stream: &TcpStream) -> Option<Request> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") && bytes.len() < REQUEST_BYTES_MAX {
        stream.read_exact(&mut byte).ok()?;
        bytes.extend(byte);
    }
    let head = String::from_utf8(bytes).ok()?.to_ascii_lowercase();
    let mut length = head.lines().filter_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.next().map_or(Some(0), |length| length.trim().parse().ok())?;
    if head.contains("expect: 100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let mut body = vec![0; length.min(REQUEST_BYTES_MAX)];
    stream.read_exact(&mut body).ok()?;
    // The names of operations are understood in either case.
    Some(Request { path: head.split(' ').nth(1)?.to_owned(), body })
}

/// Asks the server `behind` by GET, and gives its answer to the client.
pub fn pass(mut stream: TcpStream, behind: &str, path: &str) {
    let answer = http::get(behind, path);
    let of = |line: &&str| line.to_ascii_lowercase().starts_with("content-type");
    let kind = answer.head.lines().find(of).unwrap_or("X-None: none");
    let (status, length) = (answer.status, answer.body.len());
    let head = format!(
        "HTTP/1.1 {status} .\r\n{kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // A client that has gone away needs no answer.
    let _ = stream.write_all(&[head.as_bytes(), &answer.body].concat());
}

/// Base64 with its special characters escaped for a query.
fn escaped_base64(bytes: &[u8]) -> String {
    base64::encode(bytes).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
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
