/** Mistakes that Redshift refuses, each with its corrected twin. */
export interface Mistake {
  readonly kind: string;
  /** `¦` stands where the problem is reported. */
  readonly bad: string;
  readonly good: string;
  /** A part of the message. */
  readonly says: string;
  /** `error` where nothing else is given. */
  readonly severity?: 'warning';
}

const INSERTED = 'WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.n)';
const UPDATED = 'WHEN MATCHED THEN UPDATE SET n = s.n';

const MERGE: readonly Mistake[] = [
  {
    kind: 'MERGE with an alias of its target',
    bad: `MERGE INTO mart.t AS ¦x USING mart.s ON x.id = s.id\n${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id\n${UPDATED} ${INSERTED}`,
    says: 'the target table cannot have an alias',
  },
  {
    kind: 'MERGE of a subquery',
    bad: `MERGE INTO mart.t\nUSING ¦(SELECT id, n FROM mart.u) s ON t.id = s.id ${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t\nUSING mart.u s ON t.id = s.id ${UPDATED} ${INSERTED}`,
    says: 'the source must be a table, not a subquery',
  },
  {
    kind: 'MERGE of a table into itself',
    bad: `MERGE INTO mart.t USING ¦mart.T s ON t.id = s.id ${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.t2 s ON t.id = s.id ${UPDATED} ${INSERTED}`,
    says: 'the source and the target must be different tables',
  },
  {
    kind: 'MERGE without equality',
    bad: `MERGE INTO mart.t USING mart.s ON\n  ¦t.id > s.id AND s.n = 5 ${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON\n  (t.id = s.id AND t.n = s.n) ${UPDATED} ${INSERTED}`,
    says: 'must compare columns of both tables for equality',
  },
  {
    kind: 'MERGE with WHEN MATCHED alone',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id\n¦${UPDATED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id\nREMOVE DUPLICATES`,
    says: 'WHEN MATCHED and WHEN NOT MATCHED are both needed',
  },
  {
    kind: 'MERGE with WHEN NOT MATCHED alone',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id\n¦${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id\n${INSERTED} WHEN MATCHED THEN DELETE`,
    says: 'WHEN MATCHED and WHEN NOT MATCHED are both needed',
  },
  {
    kind: 'MERGE with a further condition',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id WHEN MATCHED\n  ¦AND s.n > 1 THEN DELETE ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id WHEN MATCHED\n  THEN DELETE ${INSERTED}`,
    says: 'WHEN MATCHED … AND is not supported',
  },
];

const FROM = "FROM 's3://b/k/' IAM_ROLE default";

const COPY: readonly Mistake[] = [
  {
    kind: 'COPY with a misspelt option',
    bad: `COPY mart.t (id, n)\n${FROM} CSV ¦IGNOREHEEADER 1`,
    good: `COPY mart.t (id, n)\n${FROM} CSV IGNOREHEADER 1`,
    says: 'IGNOREHEEADER is not an option (did you mean IGNOREHEADER?)',
  },
  {
    kind: 'COPY with a misspelt format',
    bad: `COPY mart.t ${FROM} FORMAT AS ¦PARQET`,
    good: `COPY mart.t ${FROM} FORMAT AS CSV DELIMITER ';'`,
    says: 'PARQET is not an option (did you mean PARQUET?)',
  },
  {
    kind: 'COPY with a misspelt option that takes a string',
    bad: `COPY mart.t ${FROM} CSV ¦TIMEFORMATT AS 'auto' MAXERROR 5`,
    good: `COPY mart.t ${FROM} CSV TIMEFORMAT AS 'auto' MAXERROR 5`,
    says: 'TIMEFORMATT is not an option (did you mean TIMEFORMAT?)',
  },
];

export const MISTAKES: readonly Mistake[] = [...MERGE, ...COPY];
