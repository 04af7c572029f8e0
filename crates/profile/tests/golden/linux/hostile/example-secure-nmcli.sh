#!/bin/sh
# Adds the network to NetworkManager 1.42 or later; may run again. Run it as root, when
# the certificate is there: nmcli looks at the files.
set -eu
nmcli connection delete uuid 5e4eb9a1-2a9c-548e-8d1a-15aef1f94100 >/dev/null 2>&1 || true
nmcli connection add \
    type 'wifi' \
    connection.id '</a>&"'\''`$(x)${y};#%\?[]’ é' \
    connection.uuid '5e4eb9a1-2a9c-548e-8d1a-15aef1f94100' \
    connection.autoconnect 'true' \
    wifi.ssid '</a>&"'\''`$(x)${y};#%\?[]’ é' \
    wifi.mode 'infrastructure' \
    wifi.hidden 'true' \
    wifi.cloned-mac-address 'permanent' \
    wifi-sec.key-mgmt 'wpa-eap' \
    802-1x.eap 'tls' \
    802-1x.identity '</a>&"'\''`$(x)${y};#%\?[]’ é' \
    802-1x.ca-cert '/etc/safeconduct/example-secure/radius-roots.pem' \
    802-1x.client-cert '/etc/safeconduct/example-secure/current/certificate.pem' \
    802-1x.private-key '/etc/safeconduct/example-secure/current/key.pem' \
    802-1x.private-key-password-flags '4' \
    802-1x.domain-match 'radius.example.org' \
    802-1x.phase1-auth-flags '259' \
    ipv4.method 'auto' \
    ipv6.method 'auto'
