//! A script that puts the files of a network where Linux looks for them.

use crate::linux;
use crate::linux::iwd;
use crate::network::Medium;
use crate::network::Network;
use crate::shell;

/// The script: it asks for nothing, tells what it did and may run again.
pub(super) fn script(network: &Network) -> String {
    let slug = &network.slug;
    let folder = linux::path(network, "");
    let folder = folder.trim_end_matches('/');
    let (roots, enroll) = (linux::ROOTS, linux::ENROLL);
    let mut script = format!(
        "#!/bin/sh\n\
         # Installs the network and asks for this device's certificate; may run again. Run it as\n\
         # root in the folder of its files. It needs safeconduct, openssl and systemd.\n\
         set -eu\n\
         cd \"$(dirname \"$0\")\"\n\
         install -d -m 0700 {folder}\n\
         install -m 0644 {slug}-{roots} {folder}/{roots}\n\
         install -m 0700 {slug}-{enroll} {folder}/{enroll}\n\
         install -m 0644 safeconduct-{slug}.service safeconduct-{slug}.timer /etc/systemd/system/\n\
         sh {folder}/{enroll}\n\
         systemctl daemon-reload\n\
         systemctl enable --now safeconduct-{slug}.timer\n\
         echo 'The certificate is there and renews itself.'\n\n\
         if command -v nmcli >/dev/null; then\n    \
         install -m 0600 {slug}.nmconnection /etc/NetworkManager/system-connections/\n    \
         nmcli connection reload\n    \
         echo 'NetworkManager knows the network.'\n"
    );
    if let Medium::Wireless { ssid, .. } = &network.medium {
        let target = shell::quote(&format!("{}/{}", iwd::FOLDER, iwd::name(ssid)));
        script.push_str(&format!(
            "elif [ -d {} ]; then\n    \
             install -m 0600 {slug}.8021x {target}\n    \
             echo 'iwd knows the network.'\n",
            iwd::FOLDER
        ));
    }
    script.push_str(&format!(
        "else\n    \
         echo 'Give {slug}-wpa_supplicant.conf to wpa_supplicant.'\n\
         fi\n"
    ));
    script
}
