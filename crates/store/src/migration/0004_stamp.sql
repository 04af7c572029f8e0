-- Stamps: what a row says, authenticated under the master key, so that a damaged or edited row is
-- never taken for what the program wrote.

alter table organization add column stamp blob;
alter table object add column stamp blob;
alter table private_key add column stamp blob;
alter table gateway_secret add column stamp blob;
-- Where a certificate stands changes; what it was to say, and the signed bytes, do not.
alter table certificate add column standing_stamp blob;
alter table certificate add column content_stamp blob;
alter table certificate add column der_stamp blob;
