-- Who keeps the organization, and how programs prove for whom they act.

create table administrator (
    name text primary key not null,
    body text not null,
    version bigint not null,
    stamp blob not null
);

-- Of the token itself only a keyed hash is kept.
create table token (
    id text primary key not null,
    administrator text not null,
    body text not null,
    hash blob not null,
    expires_at bigint not null,
    last_used_at bigint,
    stamp blob not null
);
create index token_administrator on token (administrator, id);

-- Codes that make the first owner, as keyed hashes.
create table setup_code (
    hash blob primary key not null,
    expires_at bigint not null
);

-- Requests that are not to be carried out twice, and their answers, which are sealed: they may hold
-- a secret that is shown once.
create table idempotency (
    key text primary key not null,
    request blob not null,
    at bigint not null,
    status bigint,
    answer blob
);
create index idempotency_at on idempotency (at);
