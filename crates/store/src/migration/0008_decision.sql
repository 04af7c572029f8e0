-- What decisions rested on, each once; where to look for a device's answers; and every version of
-- what administrators defined.

create table decision_input (
    digest text primary key not null,
    body text not null,
    at bigint not null
);

-- The address the device joined with, what the device is called, and what the answer rested on.
alter table visit add column station text;
alter table visit add column device text;
alter table visit add column inputs text;
create index visit_station on visit (station, id);
create index visit_device on visit (device, id);
create index visit_kind on visit (kind, id);

-- A row for each object that a version of the organization changed; no body: it was removed.
create table object_version (
    version bigint not null,
    kind text not null,
    name text not null,
    position bigint not null,
    body text,
    at bigint not null,
    actor text not null,
    stamp blob not null,
    primary key (version, kind, name)
);
create index object_version_name on object_version (kind, name, version);
