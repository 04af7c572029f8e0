//! A simulated access point: it carries a device's EAP packets to a RADIUS server and back.

use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::time::Duration;

use radius::attribute::number;
use radius::authenticator::Authenticator;
use radius::packet::PACKET_LENGTH_MAX;
use radius::packet::Packet;
use radius::packet::ParseError;
use radius::reply::TooLarge;
use radius::request;
use thiserror::Error;

/// How often the same bytes are sent: once, and three times again (RFC 5080 section 2.2.1).
pub const SENDS_MAX: u32 = 4;

/// The most datagrams looked at for one request; whoever floods us does not hold us up for ever.
pub const DATAGRAMS_MAX: u32 = 64;

/// `Ethernet` of NAS-Port-Type.
const PORT_TYPE_ETHERNET: u32 = 15;

/// `Wireless-802.11` of NAS-Port-Type.
const PORT_TYPE_WIRELESS: u32 = 19;

/// `Framed` of Service-Type, which RFC 3580 section 3.3 wants.
const SERVICE_TYPE_FRAMED: u32 = 2;

/// The secret that access point and server share; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(hidden)")
    }
}

/// How a device is connected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Medium {
    /// Over the air, by an access point.
    Wireless,
    /// By a cable, at a switch.
    Wired,
}

/// What the access point says about itself and the device in every request.
#[derive(Clone, Debug)]
pub struct Description {
    /// Its own name.
    pub nas_identifier: String,
    /// How the device is connected to it.
    pub medium: Medium,
    /// Its radio's address, a colon and the SSID.
    pub called_station_id: String,
    /// The device's address.
    pub calling_station_id: String,
    /// The largest frame between the device and the access point.
    pub framed_mtu: u32,
}

/// Why a request got no answer that can be believed.
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// The network failed.
    #[error("the RADIUS server {server} cannot be reached: {error}")]
    Network {
        /// The server.
        server: SocketAddr,
        /// What the operating system says.
        error: io::Error,
    },
    /// Nothing came.
    #[error(
        "the RADIUS server {0} does not answer: it does not know this address, or the shared \
         secret differs"
    )]
    NoAnswer(SocketAddr),
    /// Something came, but it is not proved by the secret.
    #[error("an answer of the RADIUS server {server} is not believed: {error}")]
    NotBelieved {
        /// The server.
        server: SocketAddr,
        /// What is wrong with the answer that came last.
        error: ParseError,
    },
    /// The request does not fit into a packet.
    #[error("the request does not fit into a RADIUS packet")]
    TooLarge(#[from] TooLarge),
    /// No random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

/// One access point with a socket of its own.
#[derive(Debug)]
pub struct AccessPoint {
    socket: UdpSocket,
    server: SocketAddr,
    secret: Secret,
    description: Description,
    identifier: u8,
    resent: u64,
}

/// An answer that was proved, and what it answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The answer.
    pub packet: Packet,
    /// The authenticator of the request, which the keys are encrypted with.
    pub request_authenticator: Authenticator,
}

impl AccessPoint {
    /// Opens a socket towards a server; `patience` is how long each of the `SENDS_MAX` copies of a
    /// request is waited for.
    ///
    /// # Errors
    /// The socket cannot be opened or connected.
    pub fn open(
        server: SocketAddr,
        secret: &Secret,
        description: Description,
        patience: Duration,
    ) -> Result<Self, ExchangeError> {
        let network = |error| ExchangeError::Network { server, error };
        let any: IpAddr = if server.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let socket = UdpSocket::bind((any, 0)).map_err(network)?;
        socket.connect(server).map_err(network)?;
        socket.set_read_timeout(Some(patience.max(Duration::from_millis(1)))).map_err(network)?;
        let [identifier] = random()?;
        Ok(Self { socket, server, secret: secret.clone(), description, identifier, resent: 0 })
    }

    /// How many copies of requests it sent beyond the first of each.
    #[must_use]
    pub fn resent(&self) -> u64 {
        self.resent
    }

    /// Carries one EAP response to the server and waits for the answer.
    ///
    /// # Errors
    /// No answer came that the shared secret proves.
    pub fn exchange(
        &mut self,
        user_name: &str,
        state: Option<&[u8]>,
        eap: &[u8],
    ) -> Result<Answer, ExchangeError> {
        self.identifier = self.identifier.wrapping_add(1);
        let authenticator = random()?;
        let description = &self.description;
        let port_type = match description.medium {
            Medium::Wireless => PORT_TYPE_WIRELESS,
            Medium::Wired => PORT_TYPE_ETHERNET,
        };
        let mut request = request::build(self.identifier, authenticator)
            .attribute(number::USER_NAME, user_name.as_bytes())
            .attribute(number::NAS_IDENTIFIER, description.nas_identifier.as_bytes())
            .attribute(number::NAS_PORT_TYPE, &port_type.to_be_bytes())
            .attribute(number::SERVICE_TYPE, &SERVICE_TYPE_FRAMED.to_be_bytes())
            .attribute(number::FRAMED_MTU, &description.framed_mtu.to_be_bytes())
            .attribute(number::CALLED_STATION_ID, description.called_station_id.as_bytes())
            .attribute(number::CALLING_STATION_ID, description.calling_station_id.as_bytes());
        if let Some(state) = state {
            request = request.attribute(number::STATE, state);
        }
        let request = request.eap_message(eap).finish(&self.secret.0)?;
        let packet = self.deliver(&request)?;
        Ok(Answer { packet, request_authenticator: authenticator })
    }

    /// Sends the same bytes until a proved answer comes.
    fn deliver(&mut self, request: &[u8]) -> Result<Packet, ExchangeError> {
        let server = self.server;
        let network = |error| ExchangeError::Network { server, error };
        let mut buffer = [0; PACKET_LENGTH_MAX];
        let mut disbelieved = None;
        let mut datagrams = 0;
        for send in 0..SENDS_MAX {
            self.resent += u64::from(send > 0);
            self.socket.send(request).map_err(network)?;
            while datagrams < DATAGRAMS_MAX {
                let length = match self.socket.recv(&mut buffer) {
                    Ok(length) => length,
                    Err(error) if is_timeout(&error) => break,
                    Err(error) => return Err(network(error)),
                };
                datagrams += 1;
                let reply = buffer.get(..length).unwrap_or_default();
                match request::verify_reply(request, reply, &self.secret.0) {
                    Ok(packet) => return Ok(packet),
                    // A late answer to an earlier request is no fault of the server.
                    Err(ParseError::WrongIdentifier) => {}
                    Err(error) => disbelieved = Some(error),
                }
            }
        }
        Err(match disbelieved {
            Some(error) => ExchangeError::NotBelieved { server, error },
            None => ExchangeError::NoAnswer(server),
        })
    }
}

fn is_timeout(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::WouldBlock || kind == io::ErrorKind::TimedOut
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], ExchangeError> {
    let mut bytes = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| ExchangeError::Random)?;
    Ok(bytes)
}
