//! Named values of the integers in the table.

/// A number and what its RFC calls it.
pub type Values = &'static [(u32, &'static str)];

/// Service-Type (RFC 2865 section 5.6).
pub const SERVICE_TYPE: Values = &[
    (1, "Login"),
    (2, "Framed"),
    (3, "Callback-Login"),
    (4, "Callback-Framed"),
    (5, "Outbound"),
    (6, "Administrative"),
    (7, "NAS-Prompt"),
    (8, "Authenticate-Only"),
    (9, "Callback-NAS-Prompt"),
    (10, "Call-Check"),
    (11, "Callback-Administrative"),
];

/// Framed-Protocol (RFC 2865 section 5.7).
pub const FRAMED_PROTOCOL: Values =
    &[(1, "PPP"), (2, "SLIP"), (3, "ARAP"), (4, "Gandalf"), (5, "Xylogics"), (6, "X.75")];

/// Framed-Routing (RFC 2865 section 5.10).
pub const FRAMED_ROUTING: Values =
    &[(0, "None"), (1, "Broadcast"), (2, "Listen"), (3, "Broadcast-Listen")];

/// Framed-Compression (RFC 2865 section 5.13).
pub const FRAMED_COMPRESSION: Values =
    &[(0, "None"), (1, "Van-Jacobson-TCP-IP"), (2, "IPX-Header"), (3, "Stac-LZS")];

/// Login-Service (RFC 2865 section 5.15).
pub const LOGIN_SERVICE: Values = &[
    (0, "Telnet"),
    (1, "Rlogin"),
    (2, "TCP-Clear"),
    (3, "PortMaster"),
    (4, "LAT"),
    (5, "X25-PAD"),
    (6, "X25-T3POS"),
    (8, "TCP-Clear-Quiet"),
];

/// Termination-Action (RFC 2865 section 5.29).
pub const TERMINATION_ACTION: Values = &[(0, "Default"), (1, "RADIUS-Request")];

/// Acct-Status-Type (RFC 2866 section 5.1).
pub const ACCT_STATUS_TYPE: Values = &[
    (1, "Start"),
    (2, "Stop"),
    (3, "Interim-Update"),
    (7, "Accounting-On"),
    (8, "Accounting-Off"),
    (15, "Failed"),
];

/// Acct-Authentic (RFC 2866 section 5.6).
pub const ACCT_AUTHENTIC: Values = &[(1, "RADIUS"), (2, "Local"), (3, "Remote"), (4, "Diameter")];

/// Acct-Terminate-Cause (RFC 2866 section 5.10).
pub const ACCT_TERMINATE_CAUSE: Values = &[
    (1, "User-Request"),
    (2, "Lost-Carrier"),
    (3, "Lost-Service"),
    (4, "Idle-Timeout"),
    (5, "Session-Timeout"),
    (6, "Admin-Reset"),
    (7, "Admin-Reboot"),
    (8, "Port-Error"),
    (9, "NAS-Error"),
    (10, "NAS-Request"),
    (11, "NAS-Reboot"),
    (12, "Port-Unneeded"),
    (13, "Port-Preempted"),
    (14, "Port-Suspended"),
    (15, "Service-Unavailable"),
    (16, "Callback"),
    (17, "User-Error"),
    (18, "Host-Request"),
];

/// Ingress-Filters (RFC 4675 section 2.2).
pub const INGRESS_FILTERS: Values = &[(1, "Enabled"), (2, "Disabled")];

/// NAS-Port-Type (RFC 2865 section 5.41, and the registry).
pub const NAS_PORT_TYPE: Values = &[
    (0, "Async"),
    (1, "Sync"),
    (5, "Virtual"),
    (15, "Ethernet"),
    (16, "xDSL"),
    (17, "Cable"),
    (18, "Wireless-Other"),
    (19, "Wireless-802.11"),
    (20, "Token-Ring"),
    (21, "FDDI"),
];

/// Tunnel-Type (RFC 2868 section 3.1, RFC 3580 section 3.31).
pub const TUNNEL_TYPE: Values = &[
    (1, "PPTP"),
    (2, "L2F"),
    (3, "L2TP"),
    (4, "ATMP"),
    (5, "VTP"),
    (6, "AH"),
    (7, "IP-IP"),
    (8, "MIN-IP-IP"),
    (9, "ESP"),
    (10, "GRE"),
    (11, "DVS"),
    (12, "IP-in-IP"),
    (13, "VLAN"),
];

/// Tunnel-Medium-Type (RFC 2868 section 3.2): address families.
pub const TUNNEL_MEDIUM_TYPE: Values = &[
    (1, "IPv4"),
    (2, "IPv6"),
    (3, "NSAP"),
    (4, "HDLC"),
    (5, "BBN-1822"),
    (6, "IEEE-802"),
    (7, "E.163"),
    (8, "E.164"),
    (9, "F.69"),
    (10, "X.121"),
    (11, "IPX"),
    (12, "Appletalk"),
    (13, "DecNet-IV"),
    (14, "Banyan-Vines"),
    (15, "E.164-NSAP"),
];

/// Prompt (RFC 2869 section 5.10).
pub const PROMPT: Values = &[(0, "No-Echo"), (1, "Echo")];

/// Location-Capable (RFC 5580 section 4.5).
pub const LOCATION_CAPABLE: Values =
    &[(1, "Civic-Location"), (2, "Geo-Location"), (4, "Users-Location"), (8, "NAS-Location")];

/// A switch with two positions.
pub const DISABLED_ENABLED: Values = &[(0, "Disabled"), (1, "Enabled")];

/// HP-Port-Auth-Mode-Dot1x.
pub const HP_PORT_AUTH_MODE: Values = &[(1, "Port-Based"), (2, "User-Based")];

/// Airespace-QOS-Level.
pub const AIRESPACE_QOS_LEVEL: Values =
    &[(0, "Silver"), (1, "Gold"), (2, "Platinum"), (3, "Bronze")];

/// Aruba-PoE-Priority.
pub const ARUBA_POE_PRIORITY: Values = &[(0, "Critical"), (1, "High"), (2, "Low")];

/// Aruba-Port-Auth-Mode.
pub const ARUBA_PORT_AUTH_MODE: Values =
    &[(1, "Infrastructure-Mode"), (2, "Client-Mode"), (3, "Multi-Domain-Mode")];

/// Aruba-QoS-Trust-Mode.
pub const ARUBA_QOS_TRUST_MODE: Values = &[(0, "DSCP"), (1, "QoS"), (2, "None")];

/// Aruba-STP-Admin-Edge-Port.
pub const ARUBA_STP_ADMIN_EDGE_PORT: Values = &[(0, "Disable"), (1, "Enable")];

/// Mikrotik-Wireless-VLANID-Type.
pub const MIKROTIK_VLANID_TYPE: Values = &[(0, "802.1q"), (1, "802.1ad")];
