//! How many connections one address has: nobody takes all of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// Bits of an IPv6 address that a site gives out as it likes (RFC 4291, 2.5.4).
const SITE_BITS: u32 = 64;

/// The connections of each sender that has any: no more entries than there are connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Senders {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection that is counted. Dropped, it is not any more.
#[derive(Debug)]
pub(crate) struct Counted {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    /// None if it is of this machine, which is not counted.
    sender: Option<IpAddr>,
}

impl Senders {
    /// Counts one more connection from an address, unless it has `most` of them. This machine may
    /// have any number: a proxy on it speaks for everybody.
    pub(crate) fn enter(&self, address: IpAddr, most: usize) -> Option<Counted> {
        let address = address.to_canonical();
        let sender = (!address.is_loopback()).then(|| site(address));
        if let Some(sender) = sender {
            let mut counts = lock(&self.counts);
            let count = counts.entry(sender).or_insert(0);
            if *count >= most {
                return None;
            }
            *count += 1;
        }
        Some(Counted { counts: Arc::clone(&self.counts), sender })
    }
}

/// Of IPv6 the network of a site, which is one sender as a whole.
fn site(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() >> SITE_BITS << SITE_BITS).into()
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(sender) = self.sender else { return };
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&sender) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&sender);
            }
        }
    }
}

fn lock(counts: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_so_many_and_this_machine_any_number() {
        let senders = Senders::default();
        let enter = |text: &str| senders.enter(text.parse().unwrap(), 2);
        let first = enter("192.0.2.1").unwrap();
        let _second = enter("::ffff:192.0.2.1").unwrap();
        assert!(enter("192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some());
        drop(first);
        let _third = enter("192.0.2.1").unwrap();
        // A site is one sender.
        let _one = enter("2001:db8:1:2::1").unwrap();
        let _other = enter("2001:db8:1:2:3:4:5:6").unwrap();
        assert!(enter("2001:db8:1:2::7").is_none());
        let own: Vec<_> = (0..10).map(|_| enter("127.0.0.1").unwrap()).collect();
        let own: Vec<_> = own.into_iter().chain((0..10).map(|_| enter("::1").unwrap())).collect();
        assert_eq!(lock(&senders.counts).len(), 2);
        drop(own);
    }

    #[test]
    fn who_left_leaves_nothing_behind() {
        let senders = Senders::default();
        drop(senders.enter("192.0.2.1".parse().unwrap(), 1));
        assert!(lock(&senders.counts).is_empty());
    }
}
