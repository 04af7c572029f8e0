-- What administrators define, the keys it needs, and the certificates that come of it.

-- The organization itself; its version guards every change of a definition.
create table organization (
    only_row bigint primary key not null check (only_row = 1),
    body text not null,
    version bigint not null
);

-- Definitions: one row an object, as JSON of the declarative file's shape.
create table object (
    kind text not null,
    name text not null,
    slug text not null,
    position bigint not null,
    body text not null,
    changed_at bigint not null,
    primary key (kind, name)
);
create unique index object_slug on object (kind, slug);

-- Private keys, sealed, each with its certificate.
create table private_key (
    usage text not null,
    owner text not null,
    generation bigint not null,
    certificate blob not null,
    sealed blob not null,
    created_at bigint not null,
    primary key (usage, owner, generation)
);

-- Challenges of gateways: only their keyed hashes are kept.
create table gateway_secret (
    id text primary key not null,
    gateway text not null,
    label text not null,
    hash blob not null,
    created_at bigint not null,
    last_used_at bigint
);
create index gateway_secret_gateway on gateway_secret (gateway);

-- Shared secrets of access points, sealed: RADIUS needs them in the clear.
create table access_point_secret (
    access_point text primary key not null,
    sealed blob not null,
    created_at bigint not null
);

-- Every certificate that was signed or was about to be signed.
create table certificate (
    serial text primary key not null,
    usage text not null,
    authority text not null,
    subject text not null,
    names text not null,
    gateway text,
    template text,
    assurance bigint not null,
    not_before bigint not null,
    not_after bigint not null,
    status text not null,
    revoked_at bigint,
    revocation_reason text,
    intended_at bigint not null,
    tbs blob not null,
    der blob
);
create index certificate_intended on certificate (intended_at, serial);
create index certificate_not_after on certificate (not_after);
