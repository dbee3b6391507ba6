/**
 * "Trailing spaces in VARCHAR and CHAR values are treated as semantically insignificant when values are compared"
 * (developer guide, Character types). PostgreSQL compares `text` exactly, but its functions for `char(n)` ignore
 * trailing blanks and read the same bytes: in this database the operators of `text`, and the functions by which it
 * sorts, groups and hashes, are those. Nothing else of a value changes: it keeps its blanks and its length.
 */
export const COMPARISONS = String.raw`
update pg_catalog.pg_operator o set oprcode = f.code
from (values ('=', 'bpchareq'), ('<>', 'bpcharne'), ('<', 'bpcharlt'), ('<=', 'bpcharle'), ('>', 'bpchargt'), ('>=', 'bpcharge'))
  as t(name, code), lateral (select t.code::regproc as code) as f
where o.oprname = t.name and o.oprleft = 'text'::regtype and o.oprright = 'text'::regtype
  and o.oprnamespace = 'pg_catalog'::regnamespace;

update pg_catalog.pg_amproc p set amproc = f.code
from (values ('bttextcmp', 'bpcharcmp'), ('bttextsortsupport', 'bpchar_sortsupport'), ('hashtext', 'hashbpchar'),
  ('hashtextextended', 'hashbpcharextended')) as t(before, code), lateral (select t.code::regproc as code) as f
where p.amproc = t.before::regproc and p.amproclefttype = 'text'::regtype and p.amprocrighttype = 'text'::regtype;
`;
