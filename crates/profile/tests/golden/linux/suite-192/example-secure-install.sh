#!/bin/sh
# Installs the network and asks for this device's certificate; may run again. Run it as
# root in the folder of its files. It needs safeconduct, openssl and systemd.
set -eu
cd "$(dirname "$0")"
install -d -m 0700 /etc/safeconduct/example-secure
install -m 0644 example-secure-radius-roots.pem /etc/safeconduct/example-secure/radius-roots.pem
install -m 0700 example-secure-enroll.sh /etc/safeconduct/example-secure/enroll.sh
install -m 0644 safeconduct-example-secure.service safeconduct-example-secure.timer /etc/systemd/system/
sh /etc/safeconduct/example-secure/enroll.sh
systemctl daemon-reload
systemctl enable --now safeconduct-example-secure.timer
echo 'The certificate is there and renews itself.'

if command -v nmcli >/dev/null; then
    install -m 0600 example-secure.nmconnection /etc/NetworkManager/system-connections/
    nmcli connection reload
    echo 'NetworkManager knows the network.'
elif [ -d /var/lib/iwd ]; then
    install -m 0600 example-secure.8021x '/var/lib/iwd/Example-Secure.8021x'
    echo 'iwd knows the network.'
else
    echo 'Give example-secure-wpa_supplicant.conf to wpa_supplicant.'
fi
