//! HTTP by hand: what no polite client sends can be sent too.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use crate::patience::PATIENCE;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Everything before the body.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, whose name is in small letters; empty if there is none.
    pub fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// `GET` over TCP.
#[track_caller]
pub fn get(address: &str, path: &str) -> Answer {
    send(address, format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
}

/// `POST` over TCP.
#[track_caller]
pub fn post(address: &str, path: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: \
         {length}\r\n\r\n"
    );
    send(address, [head.as_bytes(), body].concat())
}

/// Sends bytes and reads until the server closes.
#[track_caller]
pub fn send(address: &str, request: impl AsRef<[u8]>) -> Answer {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a patience above zero");
    let mut writer = &stream;
    // A server may answer and close before it has read all of a request that is too long.
    let _ = writer.write_all(request.as_ref());
    read(&stream)
}

/// `GET` through the control socket of a data directory.
#[track_caller]
pub fn get_from_socket(data: &Path, path: &str) -> Value {
    let stream = UnixStream::connect(data.join("control.sock")).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a patience above zero");
    let mut writer = &stream;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    writer.write_all(request.as_bytes()).expect("the server reads");
    let answer = read(&stream);
    assert_eq!(answer.status, 200, "{}", answer.head);
    serde_json::from_slice(&answer.body).expect("the API answers JSON")
}

/// Reads a whole answer.
#[track_caller]
pub fn read(mut stream: impl Read) -> Answer {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(buffer.get(..length).unwrap_or_default());
    }
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = bytes.split_at(end.map_or(bytes.len(), |end| end + 4));
    let head = String::from_utf8_lossy(head).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_default();
    Answer { status, body: body.to_vec(), head }
}
