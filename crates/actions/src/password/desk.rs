//! Where passwords are hashed and tried: a few at a time, because each takes memory and a core.

use core::time::Duration;
use std::sync::Arc;

use argon2::Argon2;
use argon2::PasswordHasher;
use argon2::PasswordVerifier;
use domain::password::BYTES_MAX;
use domain::refusal::Refusal;
use domain::secret::Secret;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Most passwords that are hashed at the same time: each takes 19 MiB and a core for about 20 ms,
/// and logins of devices have the cores before them.
pub(crate) const PASSWORDS_AT_ONCE_MAX: usize = 2;

/// Most who wait for their turn: about as many as are served in the time that they wait.
const WAITING_MAX: usize = 128;

/// How long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a salt (RFC 9106, 3.1).
pub(super) const SALT_BYTES: usize = 16;

/// What a password is compared with where there is none: the same work, and no password fits,
/// because nobody hashed one to this.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The seats, and those who wait for one.
#[derive(Debug)]
pub(crate) struct Desk {
    seats: Arc<Semaphore>,
    waiting: Semaphore,
    patience: Duration,
}

/// A seat: one password may be hashed.
#[derive(Debug)]
pub(crate) struct Seat(OwnedSemaphorePermit);

impl Default for Desk {
    fn default() -> Self {
        Self {
            seats: Arc::new(Semaphore::new(PASSWORDS_AT_ONCE_MAX)),
            waiting: Semaphore::new(WAITING_MAX),
            patience: PATIENCE,
        }
    }
}

impl Desk {
    /// Waits for a seat, not for long.
    pub(crate) async fn enter(&self) -> Result<Seat, Refusal> {
        let busy = || Refusal::LoginBusy;
        let _waiting = self.waiting.try_acquire().map_err(|_| busy())?;
        let seat = Arc::clone(&self.seats).acquire_owned();
        let seat = tokio::time::timeout(self.patience, seat).await.map_err(|_| busy())?;
        seat.map(Seat).map_err(|_| busy())
    }
}

impl Seat {
    /// Hashes a password, as a PHC string.
    pub(crate) async fn hash(
        self,
        password: &Secret,
        salt: [u8; SALT_BYTES],
    ) -> Result<Secret, Refusal> {
        let password = password.clone();
        let work = move || {
            let hash = Argon2::default()
                .hash_password_with_salt(password.reveal().as_bytes(), &salt)
                .map_err(|error| error.to_string());
            drop(self.0);
            hash.map(|hash| Secret::new(hash.to_string()))
        };
        let hash = spawn_blocking(work).await.map_err(|error| error.to_string());
        hash.flatten().map_err(|what| Refusal::Internal { what })
    }

    /// Whether a password is the one of a hash. Without a hash it is none, after the same work.
    pub(crate) async fn fits(
        self,
        password: &Secret,
        hash: Option<Secret>,
    ) -> Result<bool, Refusal> {
        // What is longer is nobody's.
        let hash = hash.filter(|_| password.reveal().len() <= BYTES_MAX);
        let password = match hash {
            Some(_) => password.clone(),
            None => Secret::new(""),
        };
        let is_somebody = hash.is_some();
        let work = move || {
            let hash = hash.as_ref().map_or(NOBODY, Secret::reveal);
            let fits = Argon2::default().verify_password(password.reveal().as_bytes(), hash);
            drop(self.0);
            fits.is_ok() && is_somebody
        };
        let fits = spawn_blocking(work).await;
        fits.map_err(|error| Refusal::Internal { what: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text)
    }

    async fn fits(desk: &Desk, password: &str, hash: Option<&Secret>) -> bool {
        desk.enter().await.unwrap().fits(&secret(password), hash.cloned()).await.unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_hash_and_no_other() {
        let desk = Desk::default();
        let seat = desk.enter().await.unwrap();
        let hash = seat.hash(&secret("lamp river 7 socks"), [7; SALT_BYTES]).await.unwrap();
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.reveal());
        assert!(fits(&desk, "lamp river 7 socks", Some(&hash)).await);
        assert!(!fits(&desk, "lamp river 7 sock", Some(&hash)).await);
        assert!(!fits(&desk, &"x".repeat(BYTES_MAX + 1), Some(&hash)).await);
        assert!(!fits(&desk, "", None).await);
        assert!(!fits(&desk, "x", Some(&secret("no hash"))).await);
        // What is compared with where there is none can be compared with.
        argon2::PasswordHash::new(NOBODY).unwrap();
        assert!(!fits(&desk, "", Some(&secret(NOBODY))).await);
    }

    #[tokio::test]
    async fn whoever_finds_no_seat_in_time_is_refused() {
        let desk = Desk { patience: Duration::ZERO, ..Desk::default() };
        let mut seats = Vec::new();
        for _ in 0..PASSWORDS_AT_ONCE_MAX {
            seats.push(desk.enter().await.unwrap());
        }
        assert_eq!(desk.enter().await.unwrap_err(), Refusal::LoginBusy);
        seats.pop();
        assert!(desk.enter().await.is_ok());
        let full = Desk { waiting: Semaphore::new(0), ..Desk::default() };
        assert_eq!(full.enter().await.unwrap_err(), Refusal::LoginBusy);
    }
}
