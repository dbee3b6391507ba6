/** Words that cannot name a table without quotes (Redshift's reserved words, in lower case). */
const RESERVED = `
aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
blanksasnull both bytedict bzip2 case cast check collate column connect constraint create credentials cross
current_date current_time current_timestamp current_user current_user_id datetime default deferrable deflate
defrag delta delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except
explicit extract false for foreign freeze from full function globaldict256 globaldict64k grant group gzip having
identity ignore ilike in initially inner intersect interval into is isnull join language leading left like limit
localtime localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off
offline offset oid old on only open or order outer overlaps parallel partition percent permissions pivot placing
primary raw readratio recover references respect rejectlog resort restore right select session_user similar snapshot
some sysdate system table tag tdes text255 text32k then timestamp to top trailing true truncatecolumns type union
unique unnest unpivot user using verbose wallet when where with without`;

const words = new Set(RESERVED.split(/\s+/));

export function isReserved(word: string): boolean {
  return words.has(word.toLowerCase());
}
