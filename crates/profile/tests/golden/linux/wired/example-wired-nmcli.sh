#!/bin/sh
# Adds the network to NetworkManager 1.42 or later; may run again. Run it as root, when
# the certificate is there: nmcli looks at the files.
set -eu
nmcli connection delete uuid 5f422957-f299-555b-b564-9335e71d66fd >/dev/null 2>&1 || true
nmcli connection add \
    type 'ethernet' \
    connection.id 'Example Secure' \
    connection.uuid '5f422957-f299-555b-b564-9335e71d66fd' \
    connection.autoconnect 'true' \
    ethernet.cloned-mac-address 'permanent' \
    802-1x.eap 'tls' \
    802-1x.identity 'anonymous' \
    802-1x.ca-cert '/etc/safeconduct/example-wired/radius-roots.pem' \
    802-1x.client-cert '/etc/safeconduct/example-wired/current/certificate.pem' \
    802-1x.private-key '/etc/safeconduct/example-wired/current/key.pem' \
    802-1x.private-key-password-flags '4' \
    802-1x.domain-match 'radius.example.org' \
    802-1x.phase1-auth-flags '259' \
    ipv4.method 'auto' \
    ipv6.method 'auto'
