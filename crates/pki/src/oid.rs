//! The object identifiers this crate and its neighbors speak of, by their RFC names.

use const_oid::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($text);)*
    };
}

oids! {
    /// commonName (X.520).
    COMMON_NAME = "2.5.4.3";
    /// surname (X.520).
    SURNAME = "2.5.4.4";
    /// serialNumber (X.520), a device's serial number.
    SERIAL_NUMBER = "2.5.4.5";
    /// countryName (X.520).
    COUNTRY = "2.5.4.6";
    /// localityName (X.520).
    LOCALITY = "2.5.4.7";
    /// stateOrProvinceName (X.520).
    STATE = "2.5.4.8";
    /// streetAddress (X.520).
    STREET = "2.5.4.9";
    /// organizationName (X.520).
    ORGANIZATION = "2.5.4.10";
    /// organizationalUnitName (X.520).
    ORGANIZATIONAL_UNIT = "2.5.4.11";
    /// title (X.520).
    TITLE = "2.5.4.12";
    /// givenName (X.520).
    GIVEN_NAME = "2.5.4.42";
    /// userId (RFC 4519).
    USER_ID = "0.9.2342.19200300.100.1.1";
    /// domainComponent (RFC 4519).
    DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25";
    /// emailAddress (PKCS #9).
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";
    /// contentType (PKCS #9, RFC 5652).
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    /// messageDigest (PKCS #9, RFC 5652).
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    /// signingTime (PKCS #9, RFC 5652).
    SIGNING_TIME = "1.2.840.113549.1.9.5";
    /// challengePassword (PKCS #9, RFC 2985).
    CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7";
    /// extensionRequest (PKCS #9, RFC 2985).
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
    /// Microsoft's own form of extensionRequest.
    MICROSOFT_EXTENSION_REQUEST = "1.3.6.1.4.1.311.2.1.14";
    /// id-data (RFC 5652).
    DATA = "1.2.840.113549.1.7.1";
    /// id-signedData (RFC 5652).
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    /// id-envelopedData (RFC 5652).
    ENVELOPED_DATA = "1.2.840.113549.1.7.3";
    /// rsaEncryption (RFC 8017).
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    /// md5WithRSAEncryption.
    MD5_WITH_RSA = "1.2.840.113549.1.1.4";
    /// sha1WithRSAEncryption.
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5";
    /// id-RSAES-OAEP (RFC 8017).
    RSAES_OAEP = "1.2.840.113549.1.1.7";
    /// id-mgf1 (RFC 8017).
    MGF1 = "1.2.840.113549.1.1.8";
    /// id-RSASSA-PSS (RFC 8017).
    RSASSA_PSS = "1.2.840.113549.1.1.10";
    /// sha256WithRSAEncryption.
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
    /// sha384WithRSAEncryption.
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12";
    /// sha512WithRSAEncryption.
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13";
    /// id-ecPublicKey (RFC 5480).
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    /// secp256r1 (RFC 5480).
    SECP256R1 = "1.2.840.10045.3.1.7";
    /// secp384r1 (RFC 5480).
    SECP384R1 = "1.3.132.0.34";
    /// secp521r1 (RFC 5480).
    SECP521R1 = "1.3.132.0.35";
    /// ecdsa-with-SHA1.
    ECDSA_WITH_SHA1 = "1.2.840.10045.4.1";
    /// ecdsa-with-SHA256 (RFC 5758).
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    /// ecdsa-with-SHA384 (RFC 5758).
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";
    /// ecdsa-with-SHA512 (RFC 5758).
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4";
    /// md5.
    MD5 = "1.2.840.113549.2.5";
    /// sha1.
    SHA1 = "1.3.14.3.2.26";
    /// sha224.
    SHA224 = "2.16.840.1.101.3.4.2.4";
    /// sha256.
    SHA256 = "2.16.840.1.101.3.4.2.1";
    /// sha384.
    SHA384 = "2.16.840.1.101.3.4.2.2";
    /// sha512.
    SHA512 = "2.16.840.1.101.3.4.2.3";
    /// Single DES in CBC mode.
    DES_CBC = "1.3.14.3.2.7";
    /// Triple DES in CBC mode.
    DES_EDE3_CBC = "1.2.840.113549.3.7";
    /// AES-128 in CBC mode.
    AES128_CBC = "2.16.840.1.101.3.4.1.2";
    /// AES-192 in CBC mode.
    AES192_CBC = "2.16.840.1.101.3.4.1.22";
    /// AES-256 in CBC mode.
    AES256_CBC = "2.16.840.1.101.3.4.1.42";
    /// subjectKeyIdentifier (RFC 5280 4.2.1.2).
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// keyUsage (RFC 5280 4.2.1.3).
    KEY_USAGE = "2.5.29.15";
    /// subjectAltName (RFC 5280 4.2.1.6).
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// basicConstraints (RFC 5280 4.2.1.9).
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// cRLNumber (RFC 5280 5.2.3).
    CRL_NUMBER = "2.5.29.20";
    /// reasonCode (RFC 5280 5.3.1).
    CRL_REASON = "2.5.29.21";
    /// issuingDistributionPoint (RFC 5280 5.2.5).
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    /// nameConstraints (RFC 5280 4.2.1.10).
    NAME_CONSTRAINTS = "2.5.29.30";
    /// cRLDistributionPoints (RFC 5280 4.2.1.13).
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// certificatePolicies (RFC 5280 4.2.1.4).
    CERTIFICATE_POLICIES = "2.5.29.32";
    /// noRevAvail (RFC 9608).
    NO_REV_AVAIL = "2.5.29.56";
    /// authorityInfoAccess (RFC 5280 4.2.2.1).
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    /// id-ad-ocsp (RFC 5280 4.2.2.1).
    ACCESS_OCSP = "1.3.6.1.5.5.7.48.1";
    /// id-ad-caIssuers (RFC 5280 4.2.2.1).
    ACCESS_CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
    /// Microsoft's security identifier of an account, an extension.
    SECURITY_IDENTIFIER_EXTENSION = "1.3.6.1.4.1.311.25.2";
    /// The otherName within that extension.
    SECURITY_IDENTIFIER = "1.3.6.1.4.1.311.25.2.1";
    /// authorityKeyIdentifier (RFC 5280 4.2.1.1).
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// extKeyUsage (RFC 5280 4.2.1.12).
    EXTENDED_KEY_USAGE = "2.5.29.37";
    /// id-pe-tlsfeature (RFC 7633).
    TLS_FEATURE = "1.3.6.1.5.5.7.1.24";
    /// Microsoft's name of a certificate template, an extension.
    MICROSOFT_TEMPLATE_NAME = "1.3.6.1.4.1.311.20.2";
    /// Microsoft's number of a certificate template, an extension.
    MICROSOFT_TEMPLATE = "1.3.6.1.4.1.311.21.7";
    /// anyExtendedKeyUsage (RFC 5280 4.2.1.12).
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    /// id-kp-serverAuth.
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    /// id-kp-clientAuth.
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    /// id-kp-codeSigning.
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    /// id-kp-emailProtection.
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
    /// id-kp-OCSPSigning (RFC 6960 4.2.2.2).
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
    /// id-pkix-ocsp-basic (RFC 6960 4.2.1).
    OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1";
    /// id-pkix-ocsp-nonce (RFC 6960 4.4.1).
    OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2";
    /// id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
    OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5";
    /// id-pkix-ocsp-extended-revoke (RFC 6960 4.4.8).
    OCSP_EXTENDED_REVOKE = "1.3.6.1.5.5.7.48.1.9";
    /// id-kp-eapOverLAN (RFC 4334).
    EAP_OVER_LAN = "1.3.6.1.5.5.7.3.14";
    /// Microsoft's smart card logon.
    SMARTCARD_LOGON = "1.3.6.1.4.1.311.20.2.2";
    /// Microsoft's user principal name, an otherName.
    USER_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3";
    /// id-on-permanentIdentifier (RFC 4043), an otherName.
    PERMANENT_IDENTIFIER = "1.3.6.1.5.5.7.8.3";
}
