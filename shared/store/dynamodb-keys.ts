/** The items of object keys in DynamoDB. Loaded when one is needed: the step function needs none. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

import { conflictOf } from './conflict.ts';
import type { KeyItem, KeyName, Upload } from './key-item.ts';
import { certainlyBefore, keyAttributes, keyItemKey, paddedSequencer, parseKeyItem } from './key-item.ts';
import type { Item } from './run-item.ts';

export class DynamoDbKeys {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  /** Of an item that is written now. Epoch seconds. */
  readonly #expiry: () => number;

  constructor(client: DynamoDBClient, table: string, expiry: () => number) {
    this.#client = client;
    this.#table = table;
    this.#expiry = expiry;
  }

  async admit(name: KeyName, sequencer: string, upload: Upload): Promise<KeyItem | undefined> {
    const attributes = this.#attributes(name, { highest: paddedSequencer(sequencer), upload });
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall(keyItemKey(name)),
          UpdateExpression: setOf(attributes),
          ConditionExpression:
            '(attribute_not_exists(#highest) OR #highest <= :highest) AND (attribute_not_exists(#listed) OR #listed.#at < :before)',
          ExpressionAttributeNames: namesOf([...Object.keys(attributes), 'listed']),
          ExpressionAttributeValues: marshall({
            ...valuesOf(attributes),
            ':before': certainlyBefore(upload.at),
          }),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return undefined;
    } catch (error) {
      const conflict = conflictOf(error);
      if (conflict === undefined) throw error;
      return conflict.item === undefined ? ((await this.load(name)) ?? {}) : parseKeyItem(conflict.item);
    }
  }

  #attributes(name: KeyName, item: KeyItem): Item {
    return { ...keyAttributes(name, item), expiresAt: this.#expiry() };
  }

  async load(name: KeyName): Promise<KeyItem | undefined> {
    const { Item: item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(keyItemKey(name)), ConsistentRead: true }),
    );
    return item === undefined ? undefined : parseKeyItem(unmarshall(item));
  }

  async change(name: KeyName, next: KeyItem, read: KeyItem | undefined): Promise<boolean> {
    const { condition, names, values } = asRead(read);
    const attributes = this.#attributes(name, next);
    const gone = OURS.filter((attribute) => attributes[attribute] === undefined);
    const remove = gone.length === 0 ? '' : ` REMOVE ${gone.map((attribute) => `#${attribute}`).join(', ')}`;
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall(keyItemKey(name)),
          UpdateExpression: `${setOf(attributes)}${remove}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: { ...names, ...namesOf([...Object.keys(attributes), ...gone]) },
          ExpressionAttributeValues: marshall({ ...values, ...valuesOf(attributes) }),
        }),
      );
      return true;
    } catch (error) {
      if (conflictOf(error) === undefined) throw error;
      return false;
    }
  }
}

/** Others, which a newer version may have stored, stay as they are. */
const OURS = ['highest', 'etag', 'size', 'at', 'run', 'via', 'listed'];

function setOf(attributes: Item): string {
  return `SET ${Object.keys(attributes)
    .map((attribute) => `#${attribute} = :${attribute}`)
    .join(', ')}`;
}

/** Several of them are reserved words. */
function namesOf(attributes: readonly string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((attribute) => [`#${attribute}`, attribute]));
}

function valuesOf(attributes: Item): Item {
  return Object.fromEntries(Object.entries(attributes).map(([attribute, value]) => [`:${attribute}`, value]));
}

/** That the item is as it was read: every write of one changes one of these. */
function asRead(read: KeyItem | undefined): {
  readonly condition: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Item;
} {
  if (read === undefined) return { condition: 'attribute_not_exists(pk)' };
  const parts: readonly [path: string, value: string | undefined][] = [
    ['#highest', read.highest],
    ['#run', read.upload?.run],
    ['#listed.#at', read.listed?.at],
    ['#listed.#run', read.listed?.run],
  ];
  const values: Record<string, string> = {};
  const conditions = parts.map(([path, value], i) => {
    if (value === undefined) return `attribute_not_exists(${path})`;
    values[`:read${i}`] = value;
    return `${path} = :read${i}`;
  });
  return {
    condition: ['attribute_exists(pk)', ...conditions].join(' AND '),
    names: namesOf(['highest', 'run', 'listed', 'at']),
    values,
  };
}
