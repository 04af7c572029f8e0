-- Lists and searches that cost the same on the first page and on the last, and a start that reads
-- where certificates stand without reading the certificates.

-- Newest first, with everything that the stamp of a standing speaks for.
drop index certificate_intended;
create index certificate_standing on certificate (intended_at, serial, usage, authority, gateway,
    status, revoked_at, revocation_reason, version, standing_stamp);
-- What a text begins with, in small letters; so much of it that every engine takes it as a key.
create index certificate_subject_start on certificate (substr(lower(subject), 1, 128), serial);
create index certificate_device_start on certificate (substr(lower(device), 1, 128), serial);
create index certificate_person_start on certificate (substr(lower(person), 1, 128), serial);
-- Exact, newest first. Only lists say coalesce: other questions keep the indexes made for them.
create index certificate_of_status on certificate (coalesce(status, ''), intended_at, serial);
create index certificate_of_authority on certificate (coalesce(authority, ''), intended_at, serial);
create index certificate_of_gateway on certificate (coalesce(gateway, ''), intended_at, serial);
