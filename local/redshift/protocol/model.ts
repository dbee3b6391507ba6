/** AWS's model of the Data API with our overlay: which operations and shapes there are. */
import overlay from '../model/overlay.json' with { type: 'json' };
import serviceModel from '../model/redshift-data-2019-12-20.service-2.json' with { type: 'json' };

export interface Shape {
  readonly type:
    | 'structure'
    | 'list'
    | 'string'
    | 'integer'
    | 'long'
    | 'double'
    | 'boolean'
    | 'blob'
    | 'timestamp';
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

interface ServiceModel {
  readonly operations: Readonly<Record<string, { readonly input: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

const { operations, shapes } = serviceModel as unknown as ServiceModel;
const added: Readonly<Record<string, Shape['members']>> = overlay.addedMembers;
const statuses: Readonly<Record<string, number>> = overlay.status;

export const model = {
  hasOperation: (name: string): boolean => Object.hasOwn(operations, name),

  /** The name of an operation's input shape. */
  inputOf(operation: string): string {
    const input = operations[operation]?.input.shape;
    if (input === undefined) throw new Error(`the model has no operation ${operation}`);
    return input;
  },

  shape(name: string): Shape {
    const shape = shapes[name];
    if (shape === undefined) throw new Error(`the model has no shape ${name}`);
    const more = added[name];
    return more === undefined ? shape : { ...shape, members: { ...shape.members, ...more } };
  },

  /** HTTP status of an error; 400 for what the model does not declare (throttling, serialization). */
  statusOf: (error: string): number => statuses[error] ?? 400,
};
