#!/bin/sh
# Adds the network to every radio; may run again. It needs wpad with EAP, not the basic one.
set -eu
for radio in $(uci show wireless | sed -n 's/^wireless\.\([^.]*\)=wifi-device$/\1/p'); do
    section="safeconduct_example_secure_$radio"
    uci set "wireless.$section=wifi-iface"
    uci set "wireless.$section.device=$radio"
    uci set "wireless.$section.mode="'ap'
    uci set "wireless.$section.network="'lan'
    uci set "wireless.$section.ssid="'Example-Secure'
    uci set "wireless.$section.hidden="'0'
    uci set "wireless.$section.encryption="'wpa2'
    uci set "wireless.$section.ieee80211w="'1'
    uci set "wireless.$section.auth_server="'192.0.2.10'
    uci set "wireless.$section.auth_port="'1812'
    uci set "wireless.$section.auth_secret="'Correct horse!=+;#'\''(`)'
    uci set "wireless.$section.acct_server="'192.0.2.10'
    uci set "wireless.$section.acct_port="'1813'
    uci set "wireless.$section.acct_secret="'Correct horse!=+;#'\''(`)'
    uci set "wireless.$section.dae_client="'192.0.2.10'
    uci set "wireless.$section.dae_port="'3799'
    uci set "wireless.$section.dae_secret="'Correct horse!=+;#'\''(`)'
done
uci commit wireless
wifi reload
