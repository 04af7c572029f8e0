//! One-time codes beside the password: of an app, and for when it is lost.

use actions::session;
use actions::session::Login;
use actions::totp;
use aws_lc_rs::hmac;
use domain::secret::Secret;
use pki::time::Time;

use crate::fixture::NOW;
use crate::fixture::owner;
use crate::signing_in::PASSWORD;
use crate::signing_in::ann;
use crate::signing_in::login;
use crate::signing_in::newest;
use crate::signing_in::place;
use crate::signing_in::present;
use crate::signing_in::refused;
use crate::signing_in::secret;
use crate::signing_in::sign_in;

fn with_code(code: &str) -> Login {
    Login { code: Some(secret(code)), ..login("Ann", PASSWORD) }
}

/// What an app shows at a time (RFC 6238), which was told the secret as text.
fn app_code(secret: &Secret, at: Time) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = secret.reveal().chars().flat_map(|letter| {
        let place = letters.find(letter).unwrap();
        (0..5).rev().map(move |bit| u8::from(place >> bit & 1 == 1))
    });
    let bits: Vec<u8> = bits.collect();
    let bytes = bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit));
    let bytes: Vec<u8> = bytes.collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let mac = hmac::sign(&key, &(at.0 / 30).to_be_bytes());
    let from = usize::from(mac.as_ref()[19] & 0xf);
    let word = mac.as_ref()[from..from + 4].try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
}

#[tokio::test]
async fn codes_are_asked_for_once_a_right_one_was_given() {
    let fixture = ann().await;
    let app = &fixture.app;
    let opened = sign_in(&fixture, "Ann").await;
    let here = present(&fixture, &opened).await.unwrap();
    assert_eq!(
        totp::enroll(app, &here, &secret("123456")).await.unwrap_err().code(),
        "API-CODE-WRONG"
    );
    assert!(totp::offered(app, &here).await.unwrap().is_none());
    let offer = totp::offer(app, &here).await.unwrap();
    assert!(offer.uri.reveal().starts_with("otpauth://totp/"), "{}", offer.uri.reveal());
    assert_eq!(totp::offered(app, &here).await.unwrap().unwrap().secret, offer.secret);
    sign_in(&fixture, "Ann").await;
    let old = app_code(&offer.secret, NOW.plus_seconds(-600));
    assert_eq!(totp::enroll(app, &here, &secret(&old)).await.unwrap_err().code(), "API-CODE-WRONG");
    let right = app_code(&offer.secret, NOW);
    let codes = totp::enroll(app, &here, &secret(&right)).await.unwrap();
    assert_eq!(codes.len(), 10);
    assert_eq!(refused(&fixture, &login("Ann", PASSWORD)).await, "API-CODE-NEEDED");
    assert_eq!(refused(&fixture, &with_code(&right)).await, "API-CODE-WRONG", "it was used");
    let later = NOW.plus_seconds(60);
    fixture.set_clock(later);
    let next = app_code(&offer.secret, later);
    session::log_in(app, &with_code(&next), &place()).await.unwrap();
    assert_eq!(newest(&fixture, "session.opened").await.details["code"], "app");
    assert_eq!(refused(&fixture, &with_code(&next)).await, "API-CODE-WRONG", "a code works once");
    let shown = totp::show(app, &here.actor, "Ann").await.unwrap();
    assert_eq!((shown.totp_since, shown.recovery_codes), (Some(NOW), 10));
    let all = serde_json::to_string(&fixture.events().await).unwrap();
    assert!(!all.contains(offer.secret.reveal()) && !all.contains(codes[0].reveal()));
}

#[tokio::test]
async fn a_recovery_code_works_once_and_an_owner_turns_codes_off() {
    let fixture = ann().await;
    let app = &fixture.app;
    let opened = sign_in(&fixture, "Ann").await;
    let here = present(&fixture, &opened).await.unwrap();
    assert_eq!(totp::remove(app, &here).await.unwrap_err().code(), "API-CONFLICT");
    assert_eq!(totp::renew_codes(app, &here).await.unwrap_err().code(), "API-CONFLICT");
    let offer = totp::offer(app, &here).await.unwrap();
    let right = secret(&app_code(&offer.secret, NOW));
    let codes = totp::enroll(app, &here, &right).await.unwrap();
    let typed = codes[3].reveal().to_uppercase().replace('-', " ");
    session::log_in(app, &with_code(&typed), &place()).await.unwrap();
    assert_eq!(newest(&fixture, "session.opened").await.details["code"], "recovery");
    assert_eq!(refused(&fixture, &with_code(&typed)).await, "API-CODE-WRONG");
    assert_eq!(totp::show(app, &owner(), "Ann").await.unwrap().recovery_codes, 9);
    let fresh = totp::renew_codes(app, &here).await.unwrap();
    assert_eq!(refused(&fixture, &with_code(codes[0].reveal())).await, "API-CODE-WRONG");
    session::log_in(app, &with_code(fresh[0].reveal()), &place()).await.unwrap();
    let prove = session::prove(app, &here, &secret(PASSWORD), None).await.unwrap_err();
    assert_eq!(prove.code(), "API-CODE-NEEDED");
    session::prove(app, &here, &secret(PASSWORD), Some(&fresh[1])).await.unwrap();
    totp::remove_of(app, &owner(), "Ann").await.unwrap();
    sign_in(&fixture, "Ann").await;
    assert_eq!(totp::show(app, &owner(), "Ann").await.unwrap().recovery_codes, 0);
}
