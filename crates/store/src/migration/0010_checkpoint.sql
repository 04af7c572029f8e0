-- Signed checkpoints of the audit, and the key that signs them.

-- What the organization signs with; `last` is the row that its newest checkpoint is of.
create table audit_key (
    only_row bigint primary key not null check (only_row = 1),
    public blob not null,
    sealed blob not null,
    made_at bigint not null,
    last bigint not null,
    stamp blob not null
);

-- A signature over a row of the audit, and so over all before it.
create table audit_checkpoint (
    sequence bigint primary key not null,
    at bigint not null,
    hash blob not null,
    signature blob not null
);
