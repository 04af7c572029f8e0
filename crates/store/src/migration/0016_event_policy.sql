-- The policy that decided, beside the body of an answer that tells it: lists of events are asked by
-- it. Answers of before have none.
alter table visit add column policy text;
create index visit_policy on visit (policy, id) where policy is not null;
