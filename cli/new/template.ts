/** A small working pipeline, with comments that explain what can be changed. */

export interface NewFile {
  /** Below the SQL folder. */
  readonly path: string;
  readonly text: string;
}

/** The files of a new pipeline: load a CSV, check it, put its rows into a table by their id. */
export function newPipelineFiles(name: string): NewFile[] {
  const stage = `stage_${name}`;
  return [
    {
      path: `${name}/pipeline.yml`,
      text: `# yaml-language-server: $schema=../pipeline.schema.json
description: Keeps the newest row of every id in the table ${name}
on:
  - s3: { prefix: ${name}/, suffix: .csv } # a file that lands under this prefix starts a run
# If no step uses the file, a run may also start on a schedule, or after another pipeline:
#  - schedule: { expression: cron(0 6 * * ? *), timezone: Europe/Berlin }
#  - pipeline: stores
# Every .sql file here is a step; they run in the order of their numbers. This section only sets options.
steps:
  30_check.sql: { expect: no_rows }
  40_commit.sql: { timeout: 10m }
`,
    },
    {
      path: `${name}/10_stage.sql`,
      text: `-- A temporary table belongs to the session of the run: every later step sees it, other runs do not.
CREATE TEMP TABLE ${stage} (LIKE ${name});
`,
    },
    {
      path: `${name}/20_load.sql`,
      text: `-- :manifest names exactly the file that started the run, :copy_role is the role that may read it.
COPY ${stage} (id, name, amount)
FROM :manifest
IAM_ROLE :copy_role
MANIFEST FORMAT CSV IGNOREHEADER 1;
`,
    },
    {
      path: `${name}/30_check.sql`,
      text: `-- A check: the run fails here if this query returns a row (expect: no_rows), before anything permanent is changed.
SELECT id, COUNT(*) AS times
FROM ${stage}
GROUP BY id
HAVING id IS NULL OR COUNT(*) > 1;
`,
    },
    {
      path: `${name}/40_commit.sql`,
      text: `-- Several statements in one file are one transaction: all of them take effect, or none.
DELETE FROM ${name}
USING ${stage}
WHERE ${name}.id = ${stage}.id;

INSERT INTO ${name} (id, name, amount)
SELECT id, name, amount
FROM ${stage};
`,
    },
    {
      path: `${name}/tests/upsert.yml`,
      text: `# yaml-language-server: $schema=../../test.schema.json
# \`baton test ${name}\` runs it: rows that are there before, files that arrive, and rows that must be there afterwards.
description: A row of the file replaces the one with its id; others stay
given:
  ${name}: |
    id,name,amount
    1,old,5.00
    3,third,30.00
when:
  - drop:
      key: ${name}/rows.csv
      content: |
${sampleCsv.replaceAll(/^(?=.)/gm, '        ')}expect:
  tables:
    ${name}: |
      id,name,amount
      1,first,10.50
      2,second,20.00
      3,third,30.00
`,
    },
    {
      path: `setup/${name}.sql`,
      text: `-- Applied by \`baton setup\`, and locally at each start: applying it again must change nothing.
CREATE TABLE IF NOT EXISTS ${name} (
  id BIGINT NOT NULL,
  name VARCHAR(200),
  amount DECIMAL(12, 2)
);
`,
    },
  ];
}

/** A file that the new pipeline can load. */
export const sampleCsv = 'id,name,amount\n1,first,10.50\n2,second,20.00\n';
