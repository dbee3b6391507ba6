/** Response header by which the DynamoDB process tells the gateway the write units of a request. */
export const WRITE_UNITS_HEADER = 'x-baton-write-units';
