-- Addresses that send RADIUS packets and are no access point's, as the events of the last day tell
-- of them: a row for each address and program that wrote, so that nobody looks through events.

create table knock (
    address text not null,
    -- Each program that writes has rows of its own: no two wait for each other.
    lane text not null,
    packets bigint not null,
    -- In milliseconds since 1970.
    first_at bigint not null,
    last_at bigint not null,
    -- What it last said of itself.
    nas_identifier text,
    nas_address text,
    called_station text,
    primary key (address, lane)
);
create index knock_last on knock (last_at);
