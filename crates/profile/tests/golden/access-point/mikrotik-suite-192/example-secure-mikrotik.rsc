/radius add service=wireless address=192.0.2.10 secret="Correct horse\21\3D\2B\3B\23\27\28\60\29" authentication-port=1812 accounting-port=1813 timeout=3s comment=example-secure
/radius add service=wireless address=2001:db8::10 secret="Correct horse\21\3D\2B\3B\23\27\28\60\29" authentication-port=1812 accounting-port=1813 timeout=3s comment=example-secure
/radius incoming set accept=yes port=3799
/interface wifi security add name=example-secure authentication-types=wpa3-eap-192 encryption=gcmp-256 management-protection=required eap-accounting=yes
/interface wifi configuration add name=example-secure ssid="Example-Secure" hide-ssid=no security=example-secure
# Then, for each radio: /interface wifi set wifi1 configuration=example-secure
