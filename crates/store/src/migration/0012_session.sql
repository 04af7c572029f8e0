-- How administrators sign in, and who is signed in.

-- Hash of the password, secret of one-time codes and what is left of the recovery codes, sealed.
create table credential (
    administrator text primary key not null,
    body blob not null,
    version bigint not null,
    stamp blob not null
);

-- Of what the cookie holds only a keyed hash is kept.
create table session (
    id text primary key not null,
    hash blob not null,
    administrator text not null,
    body text not null,
    version bigint not null,
    last_used_at bigint not null,
    expires_at bigint not null,
    stamp blob not null
);
create unique index session_hash on session (hash);
create index session_administrator on session (administrator, id);
create index session_expires on session (expires_at);
