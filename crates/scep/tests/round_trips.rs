//! Whatever is asked is read as it was asked, and whatever is answered as it was answered.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use pki::{
    cms::{
        enveloped_data::{self, Cipher},
        signed_data::{self, Attribute, Signer},
    },
    csr::{self, Challenge},
    general_name::GeneralName,
    key::Hash,
    name::Name,
    oid, tlv,
};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::RngSeed};
use scep::{
    capabilities::Algorithms,
    client::{self, Offer, Randomness, Reply, Sent, Wish},
    message::{
        Context, FAIL_INFO_TEXT_CHARS_MAX, FailInfo, MESSAGE_TYPE, SENDER_NONCE, TRANSACTION_ID,
        TransactionId,
    },
    reply::{self, Responder},
    request::{Recipient, Request, SignedBy},
    transport,
};

#[path = "fixture/house.rs"]
mod house;

use house::{HOUSE, House, NOW};

const LEGACY: Algorithms = Algorithms { strict: false, legacy: true };

impl House {
    fn read(&self, message: &[u8]) -> Request {
        let recipient = Recipient { certificate: &self.gateway, key: &self.gateway_key };
        Request::parse(message, &[recipient], LEGACY).unwrap()
    }

    fn answer(&self, reply: &[u8], sent: &Sent) -> Reply {
        let authorities = std::slice::from_ref(&self.gateway);
        client::parse_reply(reply, sent, &self.device_key, authorities).unwrap()
    }

    fn responder(&self) -> Responder<'_> {
        Responder { certificate: &self.gateway, key: &self.gateway_key, chain: &[] }
    }
}

fn sent(context: &Context) -> Sent {
    Sent {
        message: Vec::new(),
        transaction_id: context.transaction_id.clone(),
        nonce: context.sender_nonce.as_slice().try_into().unwrap(),
        signer: context.signer.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn enrollments_of_every_cipher_and_hash(
        cipher in select(vec![
            Cipher::Des, Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256,
        ]),
        hash in select(vec![Hash::Sha256, Hash::Sha384, Hash::Sha512]),
        common_name in "[^\u{0}]{1,30}",
        host in "[a-z]{1,30}",
        challenge in proptest::option::of(".{0,60}"),
        (serial, nonce) in (any::<[u8; 16]>(), any::<[u8; 16]>()),
    ) {
        let house = &*HOUSE;
        let subject = Name::from_pairs(&[(oid::COMMON_NAME, &common_name)]).unwrap();
        let names = [GeneralName::Dns(host)];
        let challenge = challenge.as_deref();
        let wish =
            Wish { key: &house.device_key, subject: &subject, general_names: &names, challenge };
        let offer = Offer { post: true, cipher, hash };
        let randomness = Randomness { serial, nonce };
        let sent = client::request(&wish, &house.gateway, offer, NOW, randomness).unwrap();
        let query = format!("a=b&message={}&c=d", transport::message_to_query(&sent.message));
        let carried = transport::message_from_query(&query);
        prop_assert_eq!(carried.as_ref(), Ok(&sent.message));
        let read = house.read(&sent.message);
        prop_assert_eq!(&read.csr.subject, &subject);
        prop_assert_eq!(&read.csr.general_names, &names);
        prop_assert_eq!(read.csr.challenge_password.as_ref().map(Challenge::expose), challenge);
        prop_assert!(read.csr.public_key.is_same_key(house.device_key.public_key()));
        prop_assert_eq!(read.signed_by, SignedBy::Itself);
        prop_assert_eq!(&read.context.transaction_id, &sent.transaction_id);
        prop_assert_eq!(&read.context.sender_nonce, &nonce);
        prop_assert_eq!(&read.context.signer, &sent.signer);
        prop_assert_eq!(read.context.hash, hash);
        let answered = if cipher == Cipher::Des { Cipher::TripleDes } else { cipher };
        prop_assert_eq!(read.context.cipher, answered);
        let certificates = [house.device.clone(), house.gateway.clone()];
        let reply =
            reply::success(&read.context, &certificates, &house.responder(), NOW, [7; 16]);
        let expected = Reply::Issued { certificates: certificates.to_vec() };
        prop_assert_eq!(house.answer(&reply.unwrap(), &sent), expected);
    }

    #[test]
    fn attributes_of_any_value(
        (tag, transaction) in prop_oneof![
            (Just(tlv::PRINTABLE_STRING), "[!-~]{1,256}"),
            (Just(tlv::UTF8_STRING), ".{1,60}"),
            (Just(tlv::IA5_STRING), "[ -~]{1,60}"),
        ],
        nonce in vec(any::<u8>(), 16),
        message_type in select(vec!["17", "19"]),
        text in ".{0,700}",
        fail_info in select(vec![
            FailInfo::BadAlg, FailInfo::BadMessageCheck, FailInfo::BadRequest, FailInfo::BadTime,
            FailInfo::BadCertId,
        ]),
    ) {
        let house = &*HOUSE;
        let request =
            csr::build(&house.device_key, &house.device.subject, &[], None).unwrap();
        let content = enveloped_data::seal(&request, &house.gateway, Cipher::Aes128).unwrap();
        let element = tlv::encode(tag, transaction.as_bytes());
        let attributes = [
            (MESSAGE_TYPE, tlv::encode(tlv::PRINTABLE_STRING, message_type.as_bytes())),
            (TRANSACTION_ID, element.clone()),
            (SENDER_NONCE, tlv::octet_string(&nonce)),
        ]
        .map(|(oid, value)| Attribute { oid, values: vec![value] });
        let signer =
            Signer { certificate: &house.device, key: &house.device_key, hash: Hash::Sha256 };
        let message = signed_data::build(&content, &attributes, &signer, &[]).unwrap();
        let read = house.read(&message);
        prop_assert_eq!(read.context.transaction_id.element(), &element);
        prop_assert_eq!(read.context.transaction_id.text(), transaction);
        let parsed = TransactionId::parse(&element);
        prop_assert_eq!(Some(&read.context.transaction_id), parsed.as_ref());
        prop_assert_eq!(&read.context.sender_nonce, &nonce);
        let refused = read.refuse(fail_info, &text);
        let reply = reply::failure(&refused, &house.responder(), NOW, [7; 16]).unwrap();
        let kept: String = text.chars().take(FAIL_INFO_TEXT_CHARS_MAX).collect();
        let expected = Reply::Failed { fail_info: Some(fail_info), text: Some(kept) };
        prop_assert_eq!(house.answer(&reply, &sent(&read.context)), expected);
    }
}
