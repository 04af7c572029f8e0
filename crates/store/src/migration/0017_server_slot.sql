-- Which key of a server certificate is shown, which waits and which was shown before; what stands
-- above a certificate that was imported; and what the profiles trust that devices were given.

-- PEM, its issuer first; none of a certificate that an authority of ours signed.
alter table private_key add column chain text;

-- No row: the newest key is shown.
create table server_slot (
    name text primary key not null,
    active bigint not null,
    next bigint,
    previous bigint,
    stamp blob not null
);

-- A row for each content that a network profile was handed out with.
create table rendering (
    -- What the Enrollment URL ends in: p-NUMBER.
    number bigint primary key not null,
    profile text not null,
    -- What tells the profile's definition of then, with its roots, from others.
    content text not null,
    -- SHA-256 of each root, in hexadecimal digits, in their order, with spaces between.
    roots text not null,
    -- The names of servers that devices accept, in their order, with spaces between.
    names text not null,
    at bigint not null,
    stamp blob not null
);
create index rendering_profile on rendering (profile, number);
create unique index rendering_content on rendering (profile, content);

-- URLs of before ended in versions of the organization: no rendering is called like one of them.
insert into meta (key, value) select 'rendering.floor', cast(version as text) from organization;

-- The rendering that the device enrolled by.
alter table certificate add column rendering bigint;
