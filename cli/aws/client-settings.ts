/** What every SDK client is made with. */
export interface ClientSettings {
  readonly endpoint?: string;
  readonly region?: string;
  /** Of the AWS configuration. */
  readonly profile?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
  readonly userAgentAppId: string;
}
