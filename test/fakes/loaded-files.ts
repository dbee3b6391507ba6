/**
 * What the loads of the fake warehouse really read: a COPY reads each object of its manifest as it is when the statement
 * takes effect; a commit takes the rows that are in its session. For steps of test/sim/sample-steps.ts.
 */
import type { RunFile } from '../../shared/run/trigger.ts';
import type { FakeStatement } from './fake-warehouse.ts';
import type { World } from './world.ts';

interface Loaded {
  /** `landing/orders/1.csv` */
  readonly object: string;
  readonly etag: string;
}

export class LoadedFiles {
  readonly #world: World;
  /** Rows in the temporary tables of a session. */
  readonly #sessions = new Map<string, readonly Loaded[]>();
  readonly #committed: (Loaded & { readonly run: string })[] = [];

  constructor(world: World) {
    this.#world = world;
    world.warehouse.observer = {
      started: () => undefined,
      takesEffect: (statement) => this.#takesEffect(statement),
      ended: () => undefined,
      expired: () => undefined,
    };
  }

  /** The objects that the manifest of a load names. */
  filesOf(statement: FakeStatement): readonly string[] {
    const [, manifest] = /COPY stage FROM 's3:\/\/artifacts\/([^']*)'/.exec(statement.sqls.join('\n')) ?? [];
    if (manifest === undefined) return [];
    const body = this.#world.artifacts.get(manifest);
    if (body === undefined) throw new Error(`there is no manifest ${manifest}`);
    const { entries } = JSON.parse(body) as { entries: { url: string }[] };
    return entries.map(({ url }) => url.replace('s3://', ''));
  }

  #takesEffect(statement: FakeStatement): { error?: string } {
    const { sessionId } = statement;
    const rows = this.#sessions.get(sessionId) ?? [];
    if (statement.sqls.some((sql) => sql.includes('COMMIT dim'))) {
      const run = /baton run=(\S+)/.exec(statement.sqls[0] ?? '')?.[1] ?? '';
      this.#committed.push(...rows.map((row) => ({ ...row, run })));
      return {};
    }
    const files = this.filesOf(statement);
    const read = files.flatMap((object) => {
      const etag = this.#world.objects.get(object)?.etag;
      return etag === undefined ? [] : [{ object, etag }];
    });
    if (read.length < files.length) return { error: 'ERROR: Mandatory url is not present in manifest' };
    this.#sessions.set(sessionId, [...rows, ...read]);
    return {};
  }

  /** The runs that committed the rows of this upload. */
  runsThatLoaded({ bucket, key, etag }: RunFile): readonly string[] {
    return this.#committed
      .filter((row) => row.object === `${bucket}/${key}` && row.etag === etag)
      .map(({ run }) => run);
  }
}
