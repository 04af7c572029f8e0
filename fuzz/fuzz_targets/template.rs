//! Certificate templates, through their check, and what they make of a request: what passes is
//! linted or refused, and says nothing that the template does not give.
#![no_main]

use std::sync::LazyLock;

use domain::{
    certificate_authority::Addresses,
    certificate_template::{
        CertificateTemplate, Drafted, Identity, Request,
        excess::{LEFT_OUT_MAX, Wanted},
        preview::Origin,
    },
    complaint::Complaints,
    object::Object,
    refusal::Refusal,
    variable::values::Values,
};
use fuzz::{draw::Draw, holder::Holder, request, seed};
use libfuzzer_sys::fuzz_target;
use pki::{
    certificate::Serial,
    csr::{Csr, Strictness},
    draft::{Issuer, rule},
    key::{Hash, PrivateKey},
};
use serde_json::{Value, json};

static HOLDER: LazyLock<Holder> = LazyLock::new(Holder::standalone);
static KEY: LazyLock<PrivateKey> = LazyLock::new(|| HOLDER.leaf("device.example.test").key);

/// Before the security identifier of an account where it stands among alternative names.
const URI_OF_ACCOUNT: &str = "tag:microsoft.com,2022-09-14:sid:";

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        let mut draw = Draw(data);
        let template = match draw.byte().map(|mark| mark % 2) {
            Some(0) => written(&mut draw),
            Some(_) => Some(drawn(&mut draw)),
            None => None,
        };
        let template = template.and_then(|json| serde_json::from_value(json).ok());
        if let Some(template) = template {
            check(&template, draw);
        }
    }
);

/// The templates of the examples, and drawn ones, each with requests of the corpus.
fn seeds() -> Vec<Vec<u8>> {
    let demo = include_str!("../../examples/demo.toml");
    let guide = include_str!("../../examples/mosyle.toml");
    let whole = json!({
        "name": "t", "subject": "CN=${/csr/subject/commonName}, O=Lab", "validity_days": 7,
        "san": {"email": ["${/csr/san/email:/device/identity}"], "uri": ["${/csr/san/uri}"],
            "upn": ["${/csr/san/upn}"], "permanent_identifier": ["${/device/clientId}"]},
        "security_identifier": "S-1-5-21-1-2-3-1104", "security_identifier_uri": true,
        "extended_key_usage": ["client-authentication", "server-authentication"],
        "server_and_client_authentication": true, "certificate_policies": ["1.2.3"],
        "key_usage": ["digital-signature", "key-encipherment"], "excess": "refuse",
        "no_revocation_available": true,
    });
    let mut texts = vec![whole.to_string()];
    for text in [demo, guide] {
        let document: Value = toml::from_str(text).unwrap_or_default();
        let templates = document["certificate_template"].as_array().cloned().unwrap_or_default();
        texts.extend(templates.iter().map(Value::to_string));
    }
    let requests = request::parts();
    let mut seeds = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let text = &texts[index % texts.len()];
        let length = u16::try_from(text.len()).unwrap_or_default().to_be_bytes();
        seeds.push([&[0], length.as_slice(), text.as_bytes(), request].concat());
        let pieces =
            b"\x01\xff\x18CN=${/device/clientId},O=x\x13${/device/identity}\x00\x00\x00\x00";
        seeds.push([pieces.as_slice(), request].concat());
    }
    seeds
}

/// A template as somebody writes it: JSON, else TOML.
fn written(draw: &mut Draw<'_>) -> Option<Value> {
    let length = draw.number()?;
    let (text, rest) = draw.0.split_at(length.min(draw.0.len()));
    *draw = Draw(rest);
    let text = std::str::from_utf8(text).ok()?;
    serde_json::from_str(text).ok().or_else(|| toml::from_str(text).ok())
}

/// A template whose texts are drawn.
fn drawn(draw: &mut Draw<'_>) -> Value {
    let flags = draw.byte().unwrap_or_default();
    let mut text = || String::from_utf8_lossy(draw.piece().unwrap_or_default()).into_owned();
    let subject = text();
    let mut names = |kind: &str| {
        let text = text();
        (kind.to_owned(), if text.is_empty() { json!([]) } else { json!([text]) })
    };
    let san: serde_json::Map<String, Value> =
        ["dns", "email", "uri", "upn", "permanent_identifier"]
            .map(&mut names)
            .into_iter()
            .collect();
    let flag = |bit: u8| flags & (1 << bit) != 0;
    json!({
        "name": "t", "subject": subject, "validity_days": if flag(0) { 1 } else { 365 },
        "san": san,
        "excess": if flag(1) { "refuse" } else { "drop" },
        "no_revocation_available": flag(0) && flag(2),
        "extended_key_usage": if flag(3) { "email-protection" } else { "client-authentication" }
            .split(' ').collect::<Vec<_>>(),
        "security_identifier": if flag(4) { json!("S-1-5-18") } else { json!(null) },
        "security_identifier_uri": flag(4) && flag(5),
        "signature_algorithm": if flag(6) { "sha512" } else { "sha256" },
    })
}

fn addresses() -> Addresses {
    Addresses::of("http://pki.example.test", "a", None)
}

fn is_told(refusal: &Refusal) {
    let reason = refusal.reason();
    assert!(reason.code.starts_with("ENR-"), "{reason:?}");
    assert!(!reason.sentence.is_empty() && !reason.fix.is_empty(), "{reason:?}");
}

fn check(template: &CertificateTemplate, draw: Draw<'_>) {
    let mut complaints = Vec::new();
    template.check(&mut Complaints::new("", &mut complaints));
    let shown = serde_json::to_value(template).expect("it is plain data");
    let again = serde_json::from_value::<CertificateTemplate>(shown);
    assert_eq!(&again.expect("what is shown can be read"), template);
    if !complaints.is_empty() {
        assert!(complaints.iter().all(|one| !one.what.is_empty() && !one.fix.is_empty()));
        return;
    }
    let Ok(csr) = Csr::parse(&request::signed(draw, &KEY), Strictness::Strict) else { return };
    let values = Values::of_request(&csr.subject, &csr.general_names);
    let identity = Identity::Template(&values);
    let request = Request {
        public_key: csr.public_key.clone(),
        identity,
        serial: Serial::from_random([9; 16]),
        issuer: Issuer::of(&HOLDER.certificate, Hash::Sha256).expect("it is an authority"),
        addresses: addresses(),
        now: HOLDER.now(),
    };
    match template.draft(request) {
        Err(refusal) => is_told(&refusal),
        Ok(drafted) => judge(template, &csr, (identity, &values), drafted),
    }
}

/// What was drafted is no more than the template gives, and is linted or refused.
fn judge(
    template: &CertificateTemplate,
    csr: &Csr,
    (identity, values): (Identity<'_>, &Values),
    drafted: Drafted,
) {
    let left_out = template.left_out(Wanted::of_request(csr), identity, &drafted);
    assert!(left_out.len() <= LEFT_OUT_MAX + 1);
    for one in &left_out {
        assert!(!one.value.chars().chain(one.why.chars()).any(char::is_control), "{one:?}");
    }
    let refusal = template.check_excess(&left_out).err();
    refusal.iter().for_each(is_told);
    let addresses = addresses();
    let (authority, authority_source) = ("A", "asked for");
    let key = "the request";
    let origin = Origin { values, key, addresses: &addresses, authority, authority_source };
    let preview = template.preview(&drafted, origin, left_out, refusal.clone());
    let draft = drafted.draft;
    assert!(!draft.basic_constraints.ca);
    let given: Vec<_> = template.extended_key_usage.iter().map(|usage| usage.0).collect();
    assert_eq!(draft.extended_key_usages, given);
    let accounts = draft.general_names.iter().filter(|name| {
        name.value().to_ascii_lowercase().starts_with(URI_OF_ACCOUNT) && name.kind() == "uri"
    });
    assert_eq!(accounts.count(), usize::from(template.security_identifier_uri));
    match draft.lint() {
        Ok(linted) => {
            assert_eq!(preview.refusal, refusal.map(|refusal| refusal.reason()));
            assert!(preview.lints.is_empty() && !linted.tbs_der().is_empty());
        }
        Err(complaints) => {
            is_told(&Refusal::broken_rules(&complaints));
            assert_eq!(preview.lints.len(), complaints.len());
            for complaint in complaints {
                // What we write ourselves reads back.
                assert_ne!(complaint.id(), "lint-encoding", "{complaint}");
                assert!(rule::RULES.iter().any(|(id, _)| *id == complaint.id()));
            }
        }
    }
}
