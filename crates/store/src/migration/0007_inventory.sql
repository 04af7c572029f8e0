-- Devices and people, and which device, template and assurance a certificate is bound to.

create table device (
    id text primary key not null,
    name text not null unique,
    -- What it is found by, in small letters.
    serial text unique,
    udid text unique,
    body text not null,
    version bigint not null,
    changed_at bigint not null,
    stamp blob not null
);
create index device_name_start on device (substr(lower(name), 1, 128), id);

create table person (
    name text primary key not null,
    body text not null,
    version bigint not null,
    changed_at bigint not null,
    stamp blob not null
);
create index person_name_start on person (substr(lower(name), 1, 128), name);

-- The digit of the assurance, the device's id or -, and the template's name, with spaces between.
-- None of a certificate from before.
alter table certificate add column bound text;
create index certificate_bound on certificate (substr(bound, 3, 16), intended_at, serial);
-- With everything that the stamp of a standing speaks for.
drop index certificate_standing;
create index certificate_standing on certificate (intended_at, serial, usage, authority, gateway,
    status, revoked_at, revocation_reason, version, bound, standing_stamp);
drop index certificate_revoked;
create index certificate_revoked on certificate (authority, coalesce(generation, 1), not_after,
    serial, usage, gateway, status, revoked_at, revocation_reason, version, bound, standing_stamp)
    where revoked_at is not null;
