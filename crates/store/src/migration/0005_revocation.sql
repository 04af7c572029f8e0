-- Who has a certificate, which key it is for, and how often it has come to stand differently.

alter table certificate add column device text;
alter table certificate add column person text;
-- SHA-256 of the SubjectPublicKeyInfo, in hexadecimal digits.
alter table certificate add column key text;
-- Which of the authority's keys signed it; none is the first.
alter table certificate add column generation bigint;
-- None is 0.
alter table certificate add column version bigint;
create index certificate_device on certificate (device, intended_at, serial);
create index certificate_person on certificate (person, intended_at, serial);
create index certificate_key on certificate (key);
-- What revocation lists tell, with everything that the stamp of a standing speaks for.
create index certificate_revoked on certificate (authority, coalesce(generation, 1), not_after,
    serial, usage, gateway, status, revoked_at, revocation_reason, version, standing_stamp)
    where revoked_at is not null;

-- The newest revocation list of each key of an authority.
create table revocation_list (
    authority text not null,
    generation bigint not null,
    number bigint not null,
    der blob not null,
    stamp blob not null,
    primary key (authority, generation)
);
