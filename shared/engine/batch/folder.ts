/** The files of a folder that a marker file completes: those that are not newer than it, or those that an UNLOAD manifest names. */
import { RefusedInputError } from '../../events/read.ts';
import { allInLanes } from '../../lanes.ts';
import { defined } from '../../run/defined.ts';
import type { FilesGathered } from '../../run/run-event.ts';
import type { Run } from '../../run/run.ts';
import type { FileTrigger, RunFile } from '../../run/trigger.ts';
import { list, map, MalformedItemError, text } from '../../store/shape.ts';
import { hasVersion } from '../backfill/listed-trigger.ts';
import type { Engine, FoundFile } from '../ports.ts';
import { parseFileUri } from '../file-uri.ts';
import { LANES, listedFileOf, putList } from './list.ts';

/** Files of one folder; larger ones are split. */
const MOST_FILES = 10_000;

/** Objects that one call lists (S3 API reference). */
const PAGE = 1_000;

/** What UNLOAD calls its manifest (Redshift developer guide: UNLOAD, MANIFEST). */
const UNLOAD_MANIFEST = 'manifest';

/** A folder that cannot be loaded as it is; the message is for people. */
class FolderError extends Error {
  override name = 'FolderError';
}

export async function gatherFolder(
  { id, pipeline }: Pick<Run, 'id' | 'pipeline'>,
  { file: marker, time }: FileTrigger,
  engine: Engine,
): Promise<FilesGathered> {
  try {
    const files =
      marker.key.slice(marker.key.lastIndexOf('/') + 1) === UNLOAD_MANIFEST
        ? await filesOfManifest(marker, engine)
        : await filesBeside(marker, time, engine);
    await allInLanes(files, LANES, (file) => noteFile(file, id, pipeline, engine));
    const listed = await putList(
      id,
      files.map((file) => listedFileOf(pinned(file))),
      engine.files,
    );
    return { kind: 'FilesGathered', ...defined({ list: listed }) };
  } catch (error) {
    if (!(error instanceof FolderError)) throw error;
    return { kind: 'FilesGathered', problem: error.message };
  }
}

/** A bucket without versioning gives every object the version `null`: it pins nothing. */
function pinned({ versionId, ...file }: FoundFile): RunFile {
  return hasVersion(versionId) ? { ...file, ...defined({ versionId }) } : file;
}

/** Every driver lists the same: what is written later is newer than the marker. */
async function filesBeside(marker: RunFile, time: string, engine: Engine): Promise<readonly FoundFile[]> {
  const folder = marker.key.slice(0, marker.key.lastIndexOf('/') + 1);
  const files: FoundFile[] = [];
  for (let after: string | undefined, isLast = false; !isLast;) {
    const page = await engine.files.list(marker.bucket, folder, after, PAGE);
    files.push(
      ...page.files.filter(
        ({ key, modified }) => isPart(key.slice(folder.length)) && secondOf(modified) <= secondOf(time),
      ),
    );
    if (files.length > MOST_FILES)
      throw new FolderError(
        `s3://${marker.bucket}/${folder} has more than ${MOST_FILES} files: write them into several folders, each with a marker of its own`,
      );
    ({ last: after, isLast } = page);
  }
  return files;
}

/** The times of events, and those of objects on AWS, have whole seconds: what was written in the second of the marker is not newer. */
function secondOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}

/** Hidden names and those of other markers and of temporary folders begin with `.` and `_`; a folder has a mark that ends in `/`. */
function isPart(path: string): boolean {
  return path !== '' && !path.endsWith('/') && !path.split('/').some((name) => /^[_.]/.test(name));
}

const manifest = map({ entries: list(map({ url: text })) });

async function filesOfManifest(marker: RunFile, engine: Engine): Promise<readonly FoundFile[]> {
  const name = `s3://${marker.bucket}/${marker.key}`;
  const body = await engine.files.read(marker.bucket, marker.key);
  if (body === undefined) throw new FolderError(`${name} was deleted before it was read`);
  const entries = entriesOf(body, name);
  if (entries.length > MOST_FILES) throw new FolderError(`${name} names more than ${MOST_FILES} files`);
  return allInLanes(entries, LANES, async ({ bucket, key }) => {
    const found = await engine.files.find(bucket, key);
    if (found === undefined)
      throw new FolderError(`${name} names s3://${bucket}/${key}, and there is no such object`);
    return found;
  });
}

function entriesOf(body: string, name: string): readonly { readonly bucket: string; readonly key: string }[] {
  try {
    return manifest(JSON.parse(body), '').entries.map(({ url }) => parseFileUri(url));
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      error instanceof MalformedItemError ||
      error instanceof RefusedInputError
    )
      throw new FolderError(`${name} is not a manifest of UNLOAD: ${error.message}`);
    throw error;
  }
}

/** A part has no run of its own: its key says which run took it. */
async function noteFile(file: FoundFile, run: string, pipeline: string, engine: Engine): Promise<void> {
  const { bucket, key, etag, size, modified = new Date(engine.now()).toISOString() } = file;
  const name = { pipeline, bucket, key };
  const read = await engine.store.loadKey(name);
  // Another trigger of the pipeline takes such files as well: its uploads are ordered by this item.
  if (read?.highest !== undefined || read?.listed !== undefined) return;
  await engine.store.changeKey(name, { ...read, upload: { etag, size, at: modified, run } }, read);
}
