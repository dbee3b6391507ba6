/** `on: - s3:` a file that lands in a bucket. */
import { defined } from '../../run/defined.ts';
import { formatDuration, parseDuration } from '../duration.ts';
import type { BatchLimits, S3Trigger } from '../plan.ts';
import { formatSize, parseSize } from '../size.ts';
import type { Delivered, SettingProblem, TriggerKind } from './kind.ts';
import { list, member, texts } from './kind.ts';

const ANY_END = '';

interface Setting {
  readonly bucket?: string;
  readonly prefix: string;
  readonly suffix?: string;
  readonly batch?: { readonly files?: number; readonly bytes?: number; readonly wait?: number };
  readonly marker?: string;
}

/** Placeholders that a run over many files has no value for. */
const OF_ONE_FILE: readonly string[] = ['file_uri', 'bucket', 'key'];

/** Of `batch: {}`. */
const BATCH = { files: 500, bytes: '10GB', wait: '0s' } as const;

export const s3: TriggerKind<S3Trigger> = {
  key: {
    description: 'A file uploaded to a bucket.',
    shape: {
      kind: 'object',
      keys: {
        bucket: {
          shape: { kind: 'text', pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$', words: 'a bucket name' },
          description: "The bucket whose files start a run. Default: the stage's landing bucket.",
        },
        prefix: {
          shape: { kind: 'text', pattern: '^[^*]+$', words: 'a key prefix without wildcards' },
          description: 'The prefix of the keys that start a run, for example products/.',
          required: true,
        },
        suffix: {
          shape: { kind: 'text', pattern: '^[^*]*$', words: 'a key suffix without wildcards' },
          description: 'The suffix of the keys that start a run, for example .csv. Default: any.',
          default: ANY_END,
        },
        batch: {
          shape: {
            kind: 'object',
            keys: {
              files: {
                shape: { kind: 'whole', min: 2, max: 10_000 },
                description: 'How many files one batch takes at most.',
                default: BATCH.files,
              },
              bytes: {
                shape: { kind: 'size' },
                description:
                  'How many bytes one batch takes at most, for example 500MB. A single larger file is loaded alone.',
                default: BATCH.bytes,
              },
              wait: {
                // The longest delay of an SQS message.
                shape: { kind: 'duration', minSeconds: 0, maxSeconds: 900 },
                description: 'How long the first file waits for others while the batch is not full.',
                default: BATCH.wait,
              },
            },
          },
          description:
            'Files that wait are loaded together by one run, oldest first; :manifest names them all. batch: {} takes the default limits.',
        },
        marker: {
          shape: {
            kind: 'text',
            pattern: '^(?!\\.{1,2}$)[^/*]+$',
            words: 'a file name without / and wildcards, like _SUCCESS',
          },
          description:
            'The name of the file that a job writes last, for example _SUCCESS. Its arrival starts one run over the folder that it completes; other files start none.',
        },
      },
    },
  },
  triggerOf: (setting) => {
    const { bucket, prefix, suffix = ANY_END, batch, marker } = setting as Setting;
    return defined({ kind: 's3', bucket, prefix, suffix, batch: batch && limitsOf(batch), marker });
  },
  problems: (trigger) => {
    const { prefix, suffix, batch, marker } = trigger;
    const begin = prefixProblem(trigger) ?? literalProblem('prefix', prefix);
    const end = literalProblem('suffix', suffix);
    return [
      ...(begin === undefined ? [] : [{ path: ['prefix'], ...begin }]),
      ...(end === undefined ? [] : [{ path: ['suffix'], ...end }]),
      ...(marker === undefined || suffix === ''
        ? []
        : [{ path: ['suffix'], message: `only files named ${marker} start a run (marker): remove suffix` }]),
      ...(marker === undefined || batch === undefined
        ? []
        : [
            {
              path: ['marker'],
              message: 'marker: already loads a whole folder in one run: remove batch, or remove marker',
            },
          ]),
    ];
  },
  supplies: {
    names: ['manifest', ...OF_ONE_FILE, 'batch_id'],
    missingIn: (name, { batch, marker }) => {
      if (!OF_ONE_FILE.includes(name) || (batch === undefined && marker === undefined)) return undefined;
      const setting =
        batch === undefined ? 'marker: one run loads a whole folder' : 'batch: one run loads many files';
      return `:${name} has no value, because with ${setting}: use :manifest, which names them all; :batch_id names the batch`;
    },
    missingWith: (name, starter) =>
      name === 'batch_id'
        ? `:batch_id is the run that loads files, and ${starter} starts runs of this pipeline without a file: use :run_id`
        : `:${name} is the file that started the run, and ${starter} starts runs of this pipeline without a file: name the file in the SQL, or load it in a pipeline that has only s3 triggers`,
  },
  startedByFilesOf: (trigger, bucket, path) =>
    sameBucket(bucket, trigger) && underPrefix(path, trigger.prefix)
      ? `s3://${trigger.bucket ?? '<landing bucket>'}/${trigger.prefix}`
      : undefined,
  words: ({ bucket, prefix, suffix, batch, marker }) => {
    const begin = `${bucket === undefined ? '' : `s3://${bucket}/`}${prefix}`;
    if (marker !== undefined) return `${marker} under ${begin}, with the files of its folder`;
    return `${begin}*${suffix}${batch === undefined ? '' : batchWords(batch)}`;
  },
  deliveredBy: (pattern) => {
    const detail = member(pattern, 'detail');
    const keys = member(member(detail, 'object'), 'key');
    const prefixes = keys === undefined ? [''] : texts(list(keys).map((key) => member(key, 'prefix')));
    const buckets = texts(member(member(detail, 'bucket'), 'name'));
    return buckets.flatMap((bucket) => prefixes.map((prefix) => filesOf(bucket, prefix)));
  },
  needed: ({ bucket, prefix }, pipeline, landing) =>
    `files of ${pipeline} (s3://${bucket ?? landing ?? 'LANDING_BUCKET'}/${prefix})`,
};

function limitsOf({
  files = BATCH.files,
  bytes = parseSize(BATCH.bytes) ?? 0,
  wait = parseDuration(BATCH.wait) ?? 0,
}: NonNullable<Setting['batch']>): BatchLimits {
  return { files, bytes, waitSeconds: wait };
}

function batchWords({ files, bytes, waitSeconds }: BatchLimits): string {
  const wait = waitSeconds === 0 ? '' : `, after a wait of ${formatDuration(waitSeconds)}`;
  return `, up to ${files} files or ${formatSize(bytes)} in one run${wait}`;
}

function filesOf(bucket: string, prefix: string): Delivered<S3Trigger> {
  return {
    text: `s3://${bucket}/${prefix}`,
    covers: (trigger, landing) => {
      const wanted = trigger.bucket ?? landing;
      return (wanted === undefined || wanted === bucket) && trigger.prefix.startsWith(prefix);
    },
  };
}

/** A prefix that no key will ever have, or hardly any. */
function prefixProblem({ bucket, prefix }: S3Trigger): Omit<SettingProblem, 'path'> | undefined {
  const [, scheme, its = '', rest = ''] =
    /^(arn:aws[a-z-]*:s3:::|[a-z0-9]+:\/\/|s3:\/)([^/]*)\/?(.*)$/is.exec(prefix) ?? [];
  if (scheme !== undefined)
    return {
      message: `no key begins with ${scheme}: set the bucket separately, { bucket: ${its === '' ? 'NAME' : its}, prefix: ${rest === '' ? 'FOLDER/' : rest} }, or leave it out for the landing bucket`,
    };
  if (prefix.startsWith('/'))
    return {
      message: 'S3 keys rarely begin with "/": this matches only keys that do',
      severity: 'warning',
    };
  const named = bucket ?? /^baton-[^/]+-landing(?=\/)/.exec(prefix)?.[0];
  if (named !== undefined && prefix.startsWith(`${named}/`))
    return {
      message: `a key does not include the bucket name: this matches only keys under ${named}/ in ${bucket ?? 'the landing bucket'}`,
      severity: 'warning',
    };
  return undefined;
}

/** Patterns, templates, encodings, paths of a disk and blanks at an end. */
const NOT_LITERAL = /[$#]?\{[^}]*\}|%[0-9a-f]{2}|%[a-z]|<[^<>]+>|[?|^\\]|^\.{1,2}\/|^\s+|\s+$/i;

/** What looks as if more were made of it than a comparison. */
function literalProblem(what: 'prefix' | 'suffix', value: string): Omit<SettingProblem, 'path'> | undefined {
  const [found] = NOT_LITERAL.exec(value) ?? [];
  if (found === undefined) return undefined;
  const why =
    found.trim() === ''
      ? 'it begins or ends with whitespace'
      : `${found} is not interpreted as a pattern, placeholder or encoding`;
  return { message: `a ${what} is compared with keys literally: ${why}`, severity: 'warning' };
}

function sameBucket(bucket: string, trigger: S3Trigger): boolean {
  // The landing bucket's name depends on the stage: baton-<stage>-landing.
  return trigger.bucket === undefined
    ? bucket.includes('landing') || bucket.includes('{')
    : bucket === trigger.bucket;
}

/** UNLOAD appends `0000_part_00`, `manifest` or `column=value/` to its path. */
function underPrefix(path: string, prefix: string): boolean {
  if (path.startsWith(prefix)) return true;
  if (!prefix.startsWith(path)) return false;
  const rest = prefix.slice(path.length);
  return /^\d/.test(rest) || 'manifest'.startsWith(rest) || rest.includes('=');
}
