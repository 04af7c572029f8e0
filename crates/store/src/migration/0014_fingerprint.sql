-- Where to look for a certificate by its fingerprint: the first 16 hexadecimal digits of each kind.
-- What is found is compared with the certificate itself, so that no stamp speaks for them.

alter table certificate add column sha256 text;
alter table certificate add column sha1 text;
create index certificate_sha256 on certificate (sha256) where sha256 is not null;
create index certificate_sha1 on certificate (sha1) where sha1 is not null;

-- Up to which serial number certificates of before have them; gone once all have.
insert into meta (key, value)
    select 'certificate.fingerprints', '' where exists (select 1 from certificate);
