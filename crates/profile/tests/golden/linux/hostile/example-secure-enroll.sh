#!/bin/sh
# Asks for this device's certificate, and again 30 days before it ends; --now asks at once.
# It holds the gateway's secret: owned by root, mode 0700.
set -eu
umask 077
folder=/etc/safeconduct/example-secure
certificate="$folder/current/certificate.pem"

if [ "${1:-}" != --now ] && [ -s "$certificate" ] &&
    openssl x509 -noout -checkend 2592000 -in "$certificate" >/dev/null; then
    exit 0
fi

mkdir -p "$folder"
before=$(readlink "$folder/current" || true)
made=$(mktemp -d "$folder/made.XXXXXXXX")
trap 'rm -rf "$made"' EXIT
safeconduct enroll --force \
    --url='http://ca.example.org/</a>&"'\''`$(x)${y};#%\?[]’ é' \
    --secret='</a>&"'\''`$(x)${y};#%\?[]’ é' \
    --key=rsa-2048 \
    --subject='CN=''\</a\>&\"'\''`$(x)${y}\;\#%\\?[]’ é''' \
    --san=email:'a'\''b@example.org' \
    --out="$made"

# Key and certificate change in one step.
ln -sfn "$(basename "$made")" "$folder/next"
mv -fT "$folder/next" "$folder/current"
trap - EXIT
if [ -n "$before" ]; then
    rm -rf "${folder:?}/$before"
fi
