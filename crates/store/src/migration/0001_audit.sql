-- What the engine itself needs: its own notes, the audit, and the journal of answers to devices.

create table meta (
    key text primary key not null,
    value text not null
);

-- Administrators' changes: hash-chained in the order of sequence, kept.
create table audit (
    sequence bigint primary key not null,
    id text not null unique,
    at bigint not null,
    kind text not null,
    outcome text not null,
    actor text not null,
    object text not null,
    body text not null,
    hash blob not null
);
create index audit_at on audit (at, id);
create index audit_object on audit (object, at);

-- Answers to devices: aged out by configuration.
create table visit (
    id text primary key not null,
    at bigint not null,
    kind text not null,
    outcome text not null,
    actor text not null,
    object text not null,
    body text not null
);
create index visit_at on visit (at, id);
create index visit_object on visit (object, at);
