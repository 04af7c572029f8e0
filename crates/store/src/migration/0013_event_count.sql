-- How many events there were, so that no page counts them: a row for each hour since 1970, what
-- happened, how it came out, the code of its reason (empty for none), and the program that wrote.

create table event_count (
    hour bigint not null,
    kind text not null,
    outcome text not null,
    code text not null,
    -- Each program that writes has rows of its own: no two wait for each other.
    lane text not null,
    events bigint not null,
    primary key (hour, kind, outcome, code, lane)
);

insert into event_count (hour, kind, outcome, code, lane, events)
    select at / 3600, kind, outcome, coalesce(code, ''), 'visit', count(*) from visit
    group by at / 3600, kind, outcome, coalesce(code, '');

-- The audit's code as migration/0011_event_code.sql finds it.
insert into event_count (hour, kind, outcome, code, lane, events)
    select hour, kind, outcome, code, 'audit', count(*) from (
        select at / 3600 as hour, kind, outcome, case when outcome = 'refused'
            then substr(body, 21, length(substr(body, 21, 64))
                - length(ltrim(substr(body, 21, 64), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-')))
            else '' end as code
        from audit
    ) as told group by hour, kind, outcome, code;

-- When certificates of devices that are in use end, authority by authority.
create index certificate_end on certificate (authority, not_after, status, usage)
    where usage = 'device' and status in ('issued', 'held');
