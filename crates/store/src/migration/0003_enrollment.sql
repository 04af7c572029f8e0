-- Requests that were answered, so that a device that lost the answer gets the same again.

create table enrollment (
    request text primary key not null,
    serial text not null,
    at bigint not null
);
create index enrollment_at on enrollment (at);
