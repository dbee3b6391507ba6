/** Response header that reports the write units of a request from the DynamoDB process to the gateway. */
export const WRITE_UNITS_HEADER = 'x-baton-write-units';
