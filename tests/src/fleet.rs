//! Devices that ask for certificates with strongSwan's client, which makes the same request of the
//! same key and name: asked again, it is the same transaction, key and CSR.

use std::path::Path;
use std::path::PathBuf;

use crate::guide;
use crate::lab::Lab;
use crate::stranger;
use crate::stranger::shown;

/// Devices, each with a key of its own, and what they know of the gateway.
#[derive(Debug)]
pub struct Fleet {
    /// The folder with the keys and the authorities' certificates.
    folder: PathBuf,
    secret: String,
    /// How many devices there are.
    pub devices: usize,
}

/// One request: which device, and the common name that it asks for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Wish {
    /// Which device, counted from 0.
    pub device: usize,
    /// The common name.
    pub name: String,
}

impl Fleet {
    /// Devices of a laboratory that is served.
    #[track_caller]
    pub fn of(lab: &Lab, devices: usize) -> Self {
        let folder = lab.directory.file("fleet");
        std::fs::create_dir(&folder).expect("a folder of our own can be made");
        let url = lab.url("/scep/mosyle");
        let fetch = ["--scepca", "--url", &url, "--caout", "ca.crt", "--raout", "ra.crt"];
        stranger::pki(&folder, fetch).succeeded();
        for device in 0..devices {
            let generate = ["--gen", "--type", "rsa", "--size", "2048"];
            let key = stranger::pki(&folder, generate).succeeded().bytes;
            crate::directory::write(&folder.join(key_file(device)), key);
        }
        Self { folder, secret: lab.secret(guide::GATEWAY), devices }
    }

    /// Asks the server at `http` for what a device wishes; the certificate, DER, or none if no
    /// certificate came, for whatever reason.
    #[track_caller]
    pub fn ask(&self, http: &str, wish: &Wish) -> Option<Vec<u8>> {
        let url = format!("http://{http}/scep/{}", guide::GATEWAY_SLUG);
        let (key, dn) = (key_file(wish.device), format!("CN={}", wish.name));
        let san = format!("{}.lab.test", wish.name);
        let ask = ["--scep", "--url", &url, "--in", &key, "--dn", &dn, "--san", &san];
        let rest = ["--password", &self.secret, "--cacert", "ca.crt"];
        let authorities = ["--cacert-enc", "ra.crt", "--cacert-sig", "ca-1.crt"];
        let arguments = ask.into_iter().chain(rest).chain(authorities);
        let outcome = stranger::pki(&self.folder, arguments);
        (outcome.status == 0).then_some(outcome.bytes)
    }

    /// Makes of a certificate that a device got what a supplicant takes; returns the folder.
    #[track_caller]
    pub fn identity(&self, lab: &Lab, wish: &Wish, certificate: &[u8]) -> PathBuf {
        let folder = lab.directory.file(&format!("identity-{}", wish.name));
        std::fs::create_dir(&folder).expect("a folder of our own can be made");
        let der = folder.join("certificate.der");
        crate::directory::write(&der, certificate);
        let pem = folder.join("certificate.pem");
        let convert = ["x509", "-inform", "der", "-in", shown(&der), "-out", shown(&pem)];
        stranger::openssl(convert).succeeded();
        let key = self.folder.join(key_file(wish.device));
        let (key, pem) = (shown(&key).to_owned(), folder.join("key.pem"));
        let convert = ["pkey", "-inform", "der", "-in", &key, "-out", shown(&pem)];
        stranger::openssl(convert).succeeded();
        folder
    }

    /// Where the devices keep what they know.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn key_file(device: usize) -> String {
    format!("{device}.key.der")
}
