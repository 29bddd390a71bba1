-- Whether a name such as =cmd|'/c calc'!A1 is taken as the text it is, or its row refused.
alter table client add column formula_like_text text not null default 'accept'
check (formula_like_text in ('accept', 'reject'));
comment on column client.formula_like_text is 'What becomes of rows with a text that a spreadsheet would take for a formula.';
