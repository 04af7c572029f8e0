/radius add service=wireless address=192.0.2.10 secret=radsec protocol=radsec authentication-port=2083 accounting-port=2083 certificate=example-secure-radsec timeout=3s comment=example-secure
/radius add service=wireless address=2001:db8::10 secret=radsec protocol=radsec authentication-port=2083 accounting-port=2083 certificate=example-secure-radsec timeout=3s comment=example-secure
/interface wifi security add name=example-secure authentication-types=wpa2-eap eap-accounting=yes
/interface wifi configuration add name=example-secure ssid="Example-Secure" hide-ssid=no security=example-secure
# Then, for each radio: /interface wifi set wifi1 configuration=example-secure
