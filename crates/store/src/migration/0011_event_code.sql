-- Where to look for events by what they tell: newest first, by their id, which orders by time.

-- The code of the reason of a refusal, as the body has it behind {"refusal":{"code":".
alter table visit add column code text;
update visit set code = substr(body, 21, length(substr(body, 21, 64))
    - length(ltrim(substr(body, 21, 64), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-')))
    where outcome = 'refused';

create index visit_code on visit (code, id) where code is not null;
create index visit_actor on visit (actor, id);
create index visit_refused on visit (id) where outcome = 'refused';
drop index visit_object;
create index visit_object on visit (object, id);
-- Ids order by time already.
drop index visit_at;

-- The audit's code is read from the body, which its hash speaks for.
create index audit_code on audit (substr(body, 21, length(substr(body, 21, 64))
    - length(ltrim(substr(body, 21, 64), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-'))), id)
    where outcome = 'refused';
create index audit_actor on audit (actor, id);
create index audit_kind on audit (kind, id);
create index audit_refused on audit (id) where outcome = 'refused';
drop index audit_object;
create index audit_object on audit (object, id);
drop index audit_at;
