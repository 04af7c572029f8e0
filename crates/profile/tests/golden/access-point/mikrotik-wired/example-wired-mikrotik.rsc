/radius add service=dot1x address=192.0.2.10 secret="Correct horse\21\3D\2B\3B\23\27\28\60\29" authentication-port=1812 accounting-port=1813 timeout=3s comment=example-wired
/radius add service=dot1x address=2001:db8::10 secret="Correct horse\21\3D\2B\3B\23\27\28\60\29" authentication-port=1812 accounting-port=1813 timeout=3s comment=example-wired
/radius incoming set accept=yes port=3799
# Then, for each port:
# /interface dot1x server add interface=ether2 auth-types=dot1x accounting=yes
